// Who leaves a page with words in a form that does not save itself is asked first: minutes, opinions, reasons.
export const selector = 'form[method="post"]:not([data-draft-url])';

export function mount(form) {
  const boxes = () => [...form.querySelectorAll('textarea')];
  if (!boxes().length) return;
  let sent = false;
  form.addEventListener('submit', () => {
    sent = true;
  });
  form.addEventListener('input', () => {
    sent = false;
  });
  window.addEventListener('beforeunload', (event) => {
    if (sent || !form.isConnected || !boxes().some((box) => box.value !== box.defaultValue)) return;
    event.preventDefault();
    event.returnValue = ''; // Chromium before 119 warns only when this is set
  });
}
