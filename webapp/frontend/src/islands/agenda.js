// A list with boxes to tick and rows to drag: 全选, the number of rows chosen, and an order that saves itself.
// Without this the boxes, the numbers and the buttons do the same.
export function mount(form) {
  chooseAll(form);
  const body = form.querySelector('table.agenda tbody');
  if (body && form.querySelector('[name^="position-"]')) dragRows(form, body);
}

function chooseAll(form) {
  const all = form.querySelector('[data-all]');
  const boxes = [...form.querySelectorAll('[name="item"]')];
  const told = form.querySelectorAll('[data-chosen]');
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    for (const each of told) each.textContent = count ? `（${count}）` : '';
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  };
  all.hidden = false;
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.addEventListener('change', tell);
  tell();
}

function dragRows(form, body) {
  for (const row of body.rows) {
    const grip = document.createElement('span');
    grip.className = 'grip';
    grip.textContent = '⠿';
    grip.title = '拖动排序';
    grip.setAttribute('aria-hidden', 'true'); // the number beside it does the same by keyboard
    row.querySelector('.agenda-place').prepend(grip);
    grip.addEventListener('pointerdown', (event) => follow(event, form, body, row, grip));
  }
}

function follow(event, form, body, row, grip) {
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  row.classList.add('moving');
  const before = order(body);
  let last = event.clientY;
  const move = (to) => {
    const down = to.clientY > last;
    if (to.clientY === last) return; // rows that moved under a pointer at rest are no movement of its own
    last = to.clientY;
    const under = document.elementFromPoint(grip.getBoundingClientRect().left, to.clientY);
    const other = under && under.closest('tr[data-line]');
    if (other && other !== row) passBy(body, row, other, to.clientY, down);
    if (to.clientY < 120) window.scrollBy(0, -24);
    else if (to.clientY > window.innerHeight - 90) window.scrollBy(0, 24);
  };
  const drop = () => {
    grip.removeEventListener('pointermove', move);
    row.classList.remove('moving');
    if (order(body) !== before) save(form, body);
  };
  grip.addEventListener('pointermove', move);
  grip.addEventListener('pointerup', drop, { once: true });
  grip.addEventListener('pointercancel', drop, { once: true });
}

// The others move and the row that is held stays where it is: taken out of the page it would be let go.
function passBy(body, row, other, y, down) {
  const rows = [...body.rows];
  const from = rows.indexOf(row);
  const to = rows.indexOf(other);
  const below = y > other.getBoundingClientRect().top + other.offsetHeight / 2;
  if (down && to > from && below) for (const each of rows.slice(from + 1, to + 1)) body.insertBefore(each, row);
  if (!down && to < from && !below) for (const each of rows.slice(to, from).reverse()) body.insertBefore(each, row.nextSibling);
}

const order = (body) => [...body.rows].map((row) => row.dataset.line).join();

async function save(form, body) {
  const sent = new URLSearchParams({ _action: 'order', csrf_token: form.elements.csrf_token.value });
  for (const [place, row] of [...body.rows].entries()) {
    row.querySelector('[name^="position-"]').value = place + 1;
    sent.append('order', row.dataset.line);
  }
  const answer = await fetch(form.action, { method: 'POST', body: sent, headers: { Accept: 'application/json' } }).catch(() => null);
  form.dataset.saved = answer && answer.ok ? '1' : '';
  if (!form.dataset.saved) window.alert('顺序没有保存成功，请刷新页面后再试。');
}
