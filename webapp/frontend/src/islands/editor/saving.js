// A draft saves itself a moment after each change. What was saved elsewhere meanwhile is never overwritten unseen.
import { el } from './dom.js';

const WAIT = 1000; // milliseconds without a change

export function saving(host, modeler, saved) {
  const told = document.querySelector('[data-draft-saved]');
  const token = host.querySelector('[name=csrf_token]').value;
  let revision = Number(host.dataset.revision);
  let dirty = false;
  let busy = false;
  let timer = 0;
  let stopped = false;

  function tell(text, wrong = false) {
    told.textContent = text;
    told.classList.toggle('errtxt', wrong);
    host.dataset.saved = dirty || busy ? 'false' : 'true';
  }

  function conflict(answer) {
    stopped = true;
    const reload = el('button', { class: 'btn btn-sm btn-primary', type: 'button' }, '打开对方保存的内容');
    const mine = el('button', { class: 'btn btn-sm btn-outline-danger', type: 'button' }, '用我的内容覆盖');
    const bar = el('div', { class: 'alert alert-danger d-flex flex-wrap gap-2 align-items-center py-2 mb-0', role: 'alert' },
      el('span', {}, `${answer.by}于${answer.at}在另一个窗口保存了这张流程图，您后面的改动没有保存。`), reload, mine);
    reload.addEventListener('click', () => { dirty = false; location.reload(); });
    mine.addEventListener('click', () => { revision = answer.revision; stopped = false; bar.remove(); save(); });
    host.prepend(bar);
    tell('没有保存', true);
  }

  async function save() {
    clearTimeout(timer);
    if (busy || stopped) return;
    busy = true;
    dirty = false;
    tell('正在保存…');
    try {
      const { xml } = await modeler.saveXML({ format: true });
      const body = new URLSearchParams({ csrf_token: token, revision, content: xml });
      const answer = await fetch(host.dataset.save, { method: 'POST', body });
      const content = answer.headers.get('Content-Type').includes('json') ? await answer.json() : {};
      busy = false;
      if (answer.status === 409) return conflict(content);
      if (!answer.ok) throw new Error(content.message || '没有保存成功，请检查网络或重新登录');
      revision = content.revision;
      tell(`${content.at} 已自动保存`);
      saved(revision);
    } catch (problem) {
      dirty = true;
      tell(`${problem.message}（改动还在本页，稍后自动再试）`, true);
      timer = setTimeout(save, 10 * WAIT);
    } finally {
      busy = false;
    }
    if (dirty && !stopped) timer = setTimeout(save, WAIT);
    return undefined;
  }

  modeler.get('eventBus').on('commandStack.changed', () => {
    dirty = true;
    host.dataset.saved = 'false';
    if (stopped) return;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  });
  window.addEventListener('beforeunload', (event) => {
    if (dirty || busy) event.preventDefault();
  });
  host.dataset.saved = 'true';
}
