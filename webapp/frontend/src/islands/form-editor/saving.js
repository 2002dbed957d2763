// A form saves itself a moment after each change; its mistakes and its preview come back.
import { el } from '../editor/dom.js';

const WAIT = 900; // milliseconds

export function formSaving(host, written) {
  const told = document.querySelector('[data-draft-saved]');
  const problems = document.querySelector('[data-form-problems]');
  const token = host.querySelector('[name=csrf_token]').value;
  let revision = Number(host.dataset.revision);
  let timer = 0;
  let busy = false;
  let dirty = false;

  function tell(words, wrong = false) {
    told.textContent = words;
    told.classList.toggle('errtxt', wrong);
    host.dataset.saved = dirty || busy ? 'false' : 'true';
    if (host.dataset.saved === 'true') host.dispatchEvent(new Event('saved'));
  }

  async function preview() {
    if (!host.dataset.preview) return;
    const answer = await fetch(host.dataset.preview);
    if (!answer.ok) return;
    const target = document.getElementById('preview');
    target.innerHTML = await answer.text(); // our own template, escaped on the server
    target.dispatchEvent(new CustomEvent('htmx:load', { bubbles: true })); // what every form has mounts in it too
  }

  async function save() {
    if (busy) return;
    busy = true;
    dirty = false;
    tell('正在保存…');
    const answer = await fetch(host.dataset.save, { method: 'POST', body: new URLSearchParams({ csrf_token: token, revision, content: written() }) }).catch(() => null);
    busy = false;
    const content = answer && answer.headers.get('Content-Type').includes('json') ? await answer.json() : {};
    if (answer?.ok) {
      revision = content.revision;
      problems.replaceChildren(...content.problems.map((each) => el('li', { class: each.startsWith('提醒：') ? 'table-note' : 'errtxt' }, each)));
      tell(`${content.at} 已自动保存`);
      await preview();
    } else if (answer?.status === 409) {
      tell(`${content.by}于${content.at}在另一个窗口保存过这份表单，您的改动没有保存，请刷新页面后再改。`, true);
      return;
    } else tell(content.message || '没有保存成功，请检查网络或重新登录。', true);
    if (dirty) timer = setTimeout(save, WAIT);
  }

  window.addEventListener('beforeunload', (event) => {
    if (dirty || busy) event.preventDefault();
  });
  host.dataset.saved = 'true';
  return () => {
    dirty = true;
    host.dataset.saved = 'false';
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  };
}
