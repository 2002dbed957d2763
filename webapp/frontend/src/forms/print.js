// [data-print]: a button that prints the page; without a script it is not there, and the browser's own menu prints.
export const selector = '[data-print]';

export function mount(button) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
