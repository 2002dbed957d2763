// Running totals of a funding matrix: each row's .row-sum, each column's .col-sum[data-column], the table's .all-sum.
// A column's inputs carry the same data-column. An amount that cannot be read makes its totals a dash.
import { formatAmount, parseAmount } from '../amounts.js';

export const selector = 'table.matrix';

function total(inputs) {
  const amounts = [...inputs].map((input) => parseAmount(input.value));
  return amounts.includes(null) ? '—' : formatAmount(amounts.reduce((sum, amount) => sum + amount, 0n));
}

export function mount(table) {
  const show = () => {
    for (const cell of table.querySelectorAll('.row-sum')) cell.textContent = total(cell.closest('tr').querySelectorAll('input'));
    for (const cell of table.querySelectorAll('.col-sum')) {
      cell.textContent = total(table.querySelectorAll(`input[data-column="${cell.dataset.column}"]`));
    }
    for (const cell of table.querySelectorAll('.all-sum')) cell.textContent = total(table.querySelectorAll('input'));
  };
  table.addEventListener('input', show);
  show();
}
