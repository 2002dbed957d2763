// form[data-at-once]: sends itself off; without a script its button does.
export const selector = 'form[data-at-once]';

export function mount(form) {
  form.requestSubmit();
}
