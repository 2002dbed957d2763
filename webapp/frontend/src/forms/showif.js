// Fields that are asked only when another answer calls for them: data-show-if='{"state":["停产闲置"]}'.
// Every named field must have one of its values. What is hidden is disabled, so it is not sent and not required.
export const selector = 'form';

function answers(form, name) {
  const fields = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
  return [...fields]
    .filter((field) => !field.dataset.unasked && !(/^(radio|checkbox)$/.test(field.type) && !field.checked))
    .flatMap((field) => (field.multiple && field.options ? [...field.selectedOptions].map((option) => option.value) : [field.value]));
}

function isAsked(form, conditions) {
  return Object.entries(conditions).every(([name, values]) => {
    const given = answers(form, name);
    return values.some((value) => given.includes(String(value)));
  });
}

function setAsked(part, asked) {
  part.hidden = !asked;
  for (const field of part.querySelectorAll('input, select, textarea, button')) {
    const hidden = field.closest('[data-show-if][hidden]') !== null;
    if (hidden && !field.disabled) {
      field.disabled = true;
      field.dataset.unasked = '1';
    } else if (!hidden && field.dataset.unasked) {
      field.disabled = false;
      delete field.dataset.unasked;
    }
  }
}

export function mount(form) {
  const parts = [...form.querySelectorAll('[data-show-if]')].map((part) => [part, JSON.parse(part.dataset.showIf)]);
  if (!parts.length) return;
  const show = () => {
    // a condition may depend on a field that another condition hides: as many rounds as there are parts are enough
    for (let round = 0, changed = true; changed && round <= parts.length; round += 1) {
      changed = false;
      for (const [part, conditions] of parts) {
        const asked = isAsked(form, conditions);
        changed = changed || part.hidden === asked;
        setAsked(part, asked);
      }
    }
  };
  form.addEventListener('input', show);
  form.addEventListener('change', show);
  show();
}
