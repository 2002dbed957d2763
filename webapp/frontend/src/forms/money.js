// An amount gets its thousands separators when the field is left.
import { formatAmount, parseAmount } from '../amounts.js';

export const selector = 'input[data-money], table.matrix input';

export function mount(input) {
  const show = () => {
    const value = input.value.trim() === '' ? null : parseAmount(input.value);
    if (value !== null) input.value = formatAmount(value);
  };
  input.addEventListener('blur', show);
  show();
}
