// A form with data-draft-url saves itself 20 s after a change, unvalidated and without its files, and warns who leaves
// with unsaved changes. The form's own fields carry the CSRF token. The result is written into [data-draft-state].
const DELAY = 20_000;

export const selector = 'form[data-draft-url]';

function clock() {
  return new Date().toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false });
}

function stateOf(form) {
  const given = form.querySelector('[data-draft-state]');
  if (given) return given;
  const made = document.createElement('span');
  made.className = 'draft-state';
  made.setAttribute('role', 'status');
  (form.querySelector('.actbar') || form).append(made);
  return made;
}

function contentOf(form) {
  const content = new FormData(form);
  for (const field of form.querySelectorAll('input[type="file"][name]')) content.delete(field.name);
  return content;
}

export function mount(form) {
  const state = stateOf(form);
  const delay = Number(form.dataset.draftSeconds) * 1000 || DELAY;
  let version = 0; // counts changes, so that one typed while a save is under way stays unsaved
  let saved = 0;
  let timer = null;

  const later = () => {
    if (timer === null) timer = setTimeout(save, delay);
  };
  async function save() {
    timer = null;
    const saving = version;
    try {
      const answer = await fetch(form.dataset.draftUrl, { method: 'POST', body: contentOf(form), redirect: 'manual' });
      if (answer.ok) {
        saved = saving;
        state.textContent = `已自动暂存 ${clock()}`;
        state.classList.remove('errtxt');
        return;
      }
      const signedOut = answer.type === 'opaqueredirect' || answer.status === 401;
      state.textContent = signedOut ? '登录已失效，未能暂存：请在新窗口登录后继续' : '未能自动暂存，稍后再试';
    } catch {
      state.textContent = '网络不通，未能自动暂存，稍后再试';
    }
    state.classList.add('errtxt');
    later();
  }
  const changed = () => {
    version += 1;
    later();
  };
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  form.addEventListener('submit', () => {
    saved = version;
    clearTimeout(timer);
    timer = null;
  });
  // htmx could not deliver the form: what was typed is unsaved again
  form.addEventListener('htmx:sendError', changed);
  form.addEventListener('htmx:responseError', changed);
  window.addEventListener('beforeunload', (event) => {
    if (saved === version || !form.isConnected) return;
    event.preventDefault();
    event.returnValue = ''; // Chromium before 119 warns only when this is set
  });
}
