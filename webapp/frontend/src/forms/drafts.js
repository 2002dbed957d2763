// A form with data-draft-url saves itself 20 s after a change, unvalidated and without its files, and warns who leaves
// with unsaved changes. The form's own fields carry the CSRF token and, as _draft, the revision of the draft this window
// began with. The result is written into [data-draft-state].
//
// Two windows: when another one has saved since, nothing is overwritten until the person chooses (409).
// A lost session: what was typed waits in this tab's own storage, and is put back after the next sign-in by the same
// person (data-draft-owner); data-sign-in is where that is done.
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

function send(form, content) {
  return fetch(form.dataset.draftUrl, { method: 'POST', body: content, redirect: 'manual' });
}

// what the page itself sends with each form and what belongs to one page only
const OWN = ['csrf_token', '_revision', '_draft'];
const keyOf = (form) => `draft:${form.dataset.draftUrl}`;

function putAside(form) {
  const typed = [...contentOf(form)].filter(([name]) => !OWN.includes(name));
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify({ owner: form.dataset.draftOwner, typed }));
    return true;
  } catch {
    return false; // the storage is full or switched off: the page itself still holds what was typed
  }
}

// Save what an ended sign-in left behind as the draft, and show the page anew with it.
async function putBack(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  if (!kept) return;
  const { owner, typed } = JSON.parse(kept);
  if (owner !== form.dataset.draftOwner) {
    sessionStorage.removeItem(keyOf(form)); // another person's words are nobody else's to see
    return;
  }
  const content = new FormData();
  for (const name of OWN) if (form.elements[name]) content.append(name, form.elements[name].value);
  for (const [name, value] of typed) content.append(name, value);
  const answer = await send(form, content);
  if (!answer.ok) return;
  sessionStorage.removeItem(keyOf(form));
  sessionStorage.setItem(`${keyOf(form)}:back`, '1');
  window.location.reload();
}

function bar(form, words) {
  form.querySelector('.draft-bar')?.remove();
  const made = document.createElement('div');
  made.className = 'alert alert-warning draft-bar';
  made.setAttribute('role', 'alert');
  made.append(words);
  (form.querySelector('.actbar') || form).before(made);
  return made;
}

function button(words, style, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = `btn btn-sm ${style} ms-2`;
  made.textContent = words;
  made.addEventListener('click', act);
  return made;
}

export function mount(form) {
  const state = stateOf(form);
  const delay = Number(form.dataset.draftSeconds) * 1000 || DELAY;
  const began = form.elements._draft;
  let version = 0; // counts changes, so that one typed while a save is under way stays unsaved
  let saved = 0;
  let timer = null;
  let waits = false; // for the person to choose between two windows, or because the item is gone

  const later = () => {
    if (timer === null && !waits) timer = setTimeout(save, delay);
  };
  function conflict(answer) {
    waits = true;
    state.textContent = '没有暂存：另一个窗口保存过';
    const at = new Date(answer.headers.get('Draft-Saved'));
    const when = at.toLocaleTimeString('zh-CN', { hour: '2-digit', minute: '2-digit', hour12: false });
    const shown = bar(form, `另一个窗口在 ${when} 暂存过这份表单，本窗口的内容没有覆盖它。`);
    const revision = answer.headers.get('Draft-Revision');
    shown.append(
      button('用本窗口的内容', 'btn-primary', () => {
        began.value = revision;
        waits = false;
        shown.remove();
        save();
      }),
      button('载入另一个窗口的内容', 'btn-outline-secondary', () => {
        saved = version;
        window.location.reload();
      }),
    );
  }
  function signedOut() {
    const kept = putAside(form);
    state.textContent = '登录已失效，未能暂存';
    const words = kept ? '登录已失效。您填写的内容还在，重新登录后自动恢复。' : '登录已失效。请不要关闭本页，在新窗口登录后再点暂存。';
    const shown = bar(form, words);
    if (form.dataset.signIn && kept) {
      shown.append(
        button('重新登录', 'btn-primary', () => {
          putAside(form);
          saved = version;
          window.location.assign(form.dataset.signIn);
        }),
      );
    }
  }
  function gone(why) {
    waits = true;
    saved = version; // what stays on the page is told, and nothing is asked on leaving it
    state.textContent = '不能再暂存';
    bar(form, `${why}，不能再暂存或提交。您填写的内容还在本页，需要时请复制出来。`);
  }
  async function save() {
    timer = null;
    const saving = version;
    state.classList.add('errtxt');
    try {
      const answer = await send(form, contentOf(form));
      if (answer.ok) {
        saved = saving;
        document.dispatchEvent(new Event('sign-in-used'));
        if (began && answer.headers.get('Draft-Revision')) began.value = answer.headers.get('Draft-Revision');
        form.querySelector('.draft-bar')?.remove();
        sessionStorage.removeItem(keyOf(form));
        state.textContent = `已自动暂存 ${clock()}`;
        state.classList.remove('errtxt');
        return;
      }
      if (answer.status === 409) {
        conflict(answer);
        return;
      }
      if (answer.status === 410 || answer.status === 404) {
        gone(answer.status === 410 ? await answer.text() : '该任务已不在您的待办里');
        return;
      }
      if (answer.type === 'opaqueredirect' || answer.status === 401 || answer.status === 400) signedOut();
      else state.textContent = '未能自动暂存，稍后再试';
    } catch {
      state.textContent = '网络不通，未能自动暂存，稍后再试';
    }
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
  if (sessionStorage.getItem(`${keyOf(form)}:back`)) {
    sessionStorage.removeItem(`${keyOf(form)}:back`);
    state.textContent = '已恢复登录失效以前填写的内容';
  }
  putBack(form);
}
