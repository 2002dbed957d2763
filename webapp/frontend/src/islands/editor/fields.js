// The properties panel's fields: a label tied to its input, a hint, a change told a moment after typing.
import { el, fresh } from './dom.js';

const TYPING = 400; // milliseconds

function frame(label, input, hint) {
  const id = fresh('p');
  input.id = id;
  const parts = [el('label', { class: 'form-label', for: id }, label), input];
  if (hint) {
    const words = el('div', { class: 'hint', id: `${id}-hint` }, hint);
    input.setAttribute('aria-describedby', words.id);
    parts.push(words);
  }
  return el('div', { class: 'property' }, ...parts);
}

export function text(label, value, set, { hint, rows, placeholder } = {}) {
  const input = rows
    ? el('textarea', { class: 'form-control form-control-sm', rows })
    : el('input', { class: 'form-control form-control-sm', type: 'text', placeholder });
  input.value = value || '';
  let timer = 0;
  const commit = () => {
    clearTimeout(timer);
    if (input.value.trim() !== (value || '')) {
      value = input.value.trim();
      set(value);
    }
  };
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(commit, TYPING); });
  input.addEventListener('change', commit);
  return frame(label, input, hint);
}

export function number(label, value, set, { hint, least = 1, most = 250 } = {}) {
  const input = el('input', { class: 'form-control form-control-sm', type: 'number', min: least, max: most });
  input.value = value ?? '';
  input.addEventListener('change', () => set(input.value === '' ? '' : Math.min(most, Math.max(least, Math.round(Number(input.value))))));
  return frame(label, input, hint);
}

// options: [{value, label}] or [{group, options}]; a value that is not among them stays and is shown as it is
export function choice(label, options, value, set, { hint } = {}) {
  const input = el('select', { class: 'form-select form-select-sm' });
  const known = new Set();
  const option = (each) => {
    known.add(each.value);
    return el('option', { value: each.value, selected: each.value === (value || '') }, each.label);
  };
  for (const each of options) {
    input.append(each.options ? el('optgroup', { label: each.group }, ...each.options.map(option)) : option(each));
  }
  if (value && !known.has(value)) input.append(el('option', { value, selected: true }, value));
  input.addEventListener('change', () => set(input.value));
  return frame(label, input, hint);
}

export function tick(label, value, set, { hint } = {}) {
  const id = fresh('p');
  const input = el('input', { class: 'form-check-input', type: 'checkbox', id });
  input.checked = value;
  input.addEventListener('change', () => set(input.checked));
  return el('div', { class: 'property form-check' }, input, el('label', { class: 'form-check-label', for: id }, label),
    hint ? el('div', { class: 'hint' }, hint) : null);
}

export function section(title, ...children) {
  const body = children.filter(Boolean);
  return body.length ? el('section', { class: 'properties' }, el('h3', {}, title), ...body) : null;
}
