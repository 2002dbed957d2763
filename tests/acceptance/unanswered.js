// The questions of the form on the page that are required, shown and still empty. Run in the page by people.py.
() => {
  const seen = (element) => element.getClientRects().length > 0;
  const found = [];
  for (const fieldset of document.querySelectorAll('main form fieldset')) {
    const inputs = [...fieldset.querySelectorAll('.chips input')];
    if (inputs.length && fieldset.querySelector('legend.req') && seen(fieldset) && !inputs.some((input) => input.checked)) {
      found.push({ name: inputs[0].name, kind: inputs[0].type, choice: inputs[0].value });
    }
  }
  for (const box of document.querySelectorAll('main form [aria-required="true"]')) {
    if (box.disabled || !seen(box)) continue;
    const row = box.closest('table.rows tbody tr');
    if (row && row !== row.parentElement.firstElementChild && !row.closest('table').querySelector('thead th:first-child').textContent.includes('对象')) continue;
    const empty = box.type === 'checkbox' ? !box.checked : box.type === 'file' ? !box.closest('[class^="col"]').querySelector('li') && !box.files.length : !box.value.trim();
    if (!empty) continue;
    const choice = box.options && box.options.length > 1 ? box.options[1].value : '';
    const money = box.hasAttribute('data-money') || box.inputMode === 'numeric';
    found.push({ name: box.name, kind: money ? 'number' : 'day' in box.dataset ? 'date' : box.type, choice, longest: box.maxLength || 0 });
  }
  return found;
}
