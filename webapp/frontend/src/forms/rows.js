// table[data-rows]: a further line without the way to the server; its value is what the lines are called.
// The server reads whatever lines are posted, so the new one is the last one again with the next number.
export const selector = 'table[data-rows]';
const NUMBERED = ['name', 'id', 'aria-describedby'];

function renumber(element, from, to) {
  for (const attribute of NUMBERED) {
    const value = element.getAttribute(attribute);
    if (value) element.setAttribute(attribute, value.replace(`.${from}.`, `.${to}.`));
  }
}

function empty(box) {
  if (box.type === 'checkbox' || box.type === 'radio') box.checked = false;
  else box.value = '';
  box.classList.remove('is-invalid');
  box.removeAttribute('aria-invalid');
}

function further(table) {
  const last = table.tBodies[0].rows[table.tBodies[0].rows.length - 1];
  const number = Number(last.cells[0].textContent);
  const row = last.cloneNode(true);
  row.cells[0].textContent = number + 1;
  for (const field of row.querySelectorAll('.day-field')) {
    const day = field.querySelector('[data-day]'); // a plain box again: its calendar is mounted anew
    day.type = day.dataset.day;
    delete day.dataset.day;
    field.replaceWith(day);
  }
  for (const wrong of row.querySelectorAll('.errtxt')) wrong.remove();
  for (const element of [row, ...row.querySelectorAll('*')]) {
    delete element.dataset.mounted;
    renumber(element, number - 1, number);
    if (element.matches('input, select, textarea')) empty(element);
  }
  last.after(row);
  row.dispatchEvent(new CustomEvent('htmx:load', { bubbles: true })); // its boxes behave as the others do
  row.querySelector('input, select, textarea').focus();
}

export function mount(table) {
  const add = document.createElement('button');
  add.type = 'button';
  add.className = 'btn btn-sm btn-outline-primary row-add';
  add.textContent = '增加一行';
  add.setAttribute('aria-label', `${table.dataset.rows}：增加一行`);
  add.addEventListener('click', () => further(table));
  table.closest('.table-responsive').after(add);
  table.closest('fieldset')?.querySelector('[data-without-script]')?.remove();
}
