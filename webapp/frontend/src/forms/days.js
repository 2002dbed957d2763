// A day is written 2023-11-06 and a month 2023-11 on every machine: the browser's own box follows the language of the
// machine, not of the page. The browser's calendar opens beside it; a telephone keeps its own wheel.
export const selector = 'input[type="date"], input[type="month"]';

function two(number) {
  return number.padStart(2, '0');
}

// 2023/1/5, 2023.1.5, 2023年1月5日, 20230105 and full-width digits are put in order, the rest is the server's to judge
export function inOrder(text) {
  const plain = text.normalize('NFKC').trim();
  const parts =
    /^(\d{4})\D{1,2}(\d{1,2})(?:\D{1,2}(\d{1,2})日?|月)?$/.exec(plain) || /^(\d{4})(\d{2})(\d{2})?$/.exec(plain);
  return parts ? [parts[1], ...parts.slice(2).filter(Boolean).map(two)].join('-') : plain;
}

function calendar(input) {
  const pick = document.createElement('input');
  pick.type = input.dataset.day;
  pick.className = 'day-pick';
  pick.tabIndex = -1;
  pick.min = input.min;
  pick.max = input.max;
  pick.setAttribute('aria-hidden', 'true');
  return pick;
}

export function mount(input) {
  if (input.matches('.day-pick') || window.matchMedia('(pointer: coarse)').matches) return;
  const { type, value } = input;
  const field = document.createElement('div');
  field.className = `day-field input-group${input.classList.contains('form-control-sm') ? ' input-group-sm' : ''}`;
  field.style.width = input.style.width;
  for (const width of [...input.classList].filter((name) => /^w-\d/.test(name))) {
    input.classList.remove(width);
    field.classList.add(width);
  }
  input.replaceWith(field);
  input.type = 'text';
  input.value = value;
  input.placeholder = type === 'date' ? '年-月-日' : '年-月';
  input.autocomplete = 'off';
  input.dataset.day = type;
  input.style.width = '';
  field.append(input);
  input.addEventListener('change', () => {
    input.value = inOrder(input.value);
  });
  const pick = calendar(input);
  if (!pick.showPicker) return; // Chromium before 99: the day is typed
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-outline-secondary day-open';
  button.textContent = '▾';
  const label = input.labels?.[0]?.textContent.trim() || input.getAttribute('aria-label') || '';
  button.setAttribute('aria-label', `${label}：打开日历`);
  button.addEventListener('click', () => {
    pick.value = inOrder(input.value);
    pick.showPicker();
  });
  pick.addEventListener('change', () => {
    input.value = pick.value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
    input.focus();
  });
  field.append(button, pick);
}
