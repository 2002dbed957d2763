// What the server finds in the saved draft: a list, a mark on each element, the way to it, and mending where it is safe.
import { el, readJson } from './dom.js';
import { show } from './finding.js';
import { remedyFor } from './mending.js';

// where the server's advice speaks of the file, ours speaks of the page
const ADVICE = {
  generic_form: '如需专用的表单，请在“属性—填什么”里选；没有合适的先在“表单”里新建。',
  no_handler: '请在“属性—自动做什么”里选一个处理程序。',
  no_decision: '请在“属性—按哪张表决定”里选一张决策表。',
  no_called: '请在“属性—调用哪个流程”里选。',
  nobody: '请放进泳道，或在“属性—谁来办”里选办理单位。',
  collection: '请在“属性—多人会办”里选由哪些人会办。',
  unknown_form: '请在“属性—填什么”里另选，或在“表单”里新建。',
};
const KINDS = { form: '表单', decision: '决策表' };

export function problemsPanel(host, modeler, container, count) {
  const overlays = modeler.get('overlays');
  const registry = modeler.get('elementRegistry');
  const canvas = modeler.get('canvas');
  let asked = 0;
  let path = [];

  function clearPath() {
    for (const id of path) if (registry.get(id)) canvas.removeMarker(id, 'on-path');
    path = [];
  }

  function drawPath(problem) {
    clearPath();
    path = problem.path.filter((id) => registry.get(id));
    const taken = new Set(path);
    for (const flow of registry.filter((each) => each.waypoints)) {
      if (taken.has(flow.source?.id) && taken.has(flow.target?.id)) path.push(flow.id);
    }
    for (const id of path) canvas.addMarker(id, 'on-path');
    if (path.length) show(modeler, registry.get(path[0]));
  }

  function entry(problem) {
    const wrong = problem.severity === 'error';
    const element = problem.element && registry.get(problem.element);
    const line = el('li', { class: `problem ${wrong ? 'is-error' : 'is-warning'}`, 'data-code': problem.code });
    const head = el('div', {}, el('span', { class: 'problem-kind' }, wrong ? '错误' : '提醒'), ' ',
      KINDS[problem.kind] ? `${KINDS[problem.kind]}“${problem.stem}”：` : '', problem.message);
    line.append(head, el('div', { class: 'hint' }, ADVICE[problem.code] || problem.remedy));
    const acts = el('div', { class: 'd-flex flex-wrap gap-2' });
    if (element) {
      const go = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '定位');
      go.addEventListener('click', () => show(modeler, element));
      acts.append(go);
    }
    if (problem.path.length) {
      const way = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '画出怎么走到这里');
      way.addEventListener('click', () => drawPath(problem));
      acts.append(way);
    }
    const remedy = host.dataset.editable === 'true' && element ? remedyFor(modeler, problem, element) : null;
    if (remedy) {
      const mend = el('button', { type: 'button', class: 'btn btn-sm btn-outline-primary' }, remedy.label);
      mend.addEventListener('click', remedy.run);
      acts.append(mend);
    }
    acts.append(el('a', { class: 'btn btn-sm btn-link', href: `${host.dataset.help}#${problem.code}`, target: '_blank', rel: 'noopener' }, '这是什么意思'));
    line.append(acts);
    return line;
  }

  // an element inside a closed phase is marked there, and the phase itself too
  function places(id) {
    const found = [];
    for (let element = registry.get(id); element; element = element.parent) {
      if (element.id.endsWith('_plane')) element = registry.get(element.id.replace(/_plane$/, '')) || element;
      if (element.type && !element.type.match(/Process$|Collaboration/)) found.push(element);
      else if (element.type === 'bpmn:SubProcess' && !element.id.endsWith('_plane')) found.push(element);
    }
    return found;
  }

  function mark(problems) {
    overlays.remove({ type: 'problem' });
    const worst = new Map();
    for (const problem of problems) {
      for (const element of places(problem.element)) {
        const known = worst.get(element.id) || { number: 0, error: false };
        worst.set(element.id, { number: known.number + 1, error: known.error || problem.severity === 'error' });
      }
    }
    for (const [id, { number, error }] of worst) {
      const badge = el('button', { type: 'button', class: `problem-mark ${error ? 'is-error' : 'is-warning'}`, title: `${number} 处问题` }, error ? '✕' : '!');
      badge.addEventListener('click', () => {
        modeler.get('selection').select(registry.get(id));
        container.dispatchEvent(new CustomEvent('problems-wanted', { bubbles: true }));
      });
      overlays.add(id, 'problem', { position: { top: -10, left: -10 }, html: badge, scale: { min: 0.8, max: 1.2 } });
    }
  }

  function render(problems) {
    const errors = problems.filter((each) => each.severity === 'error').length;
    clearPath();
    count(errors, problems.length - errors);
    mark(problems);
    container.replaceChildren(problems.length
      ? el('ul', { class: 'problem-list' }, ...problems.map(entry))
      : el('p', { class: 'problem-none' }, '✓ 没有发现问题：流程的每条路都走得到结束。'));
    host.dataset.problems_shown = String(problems.length);
  }

  return async function check() {
    asked += 1;
    const mine = asked;
    host.dataset.checked = 'false';
    try {
      const answer = await readJson(host.dataset.problems);
      if (mine !== asked) return;
      render(answer.problems);
      host.dataset.checked = String(answer.revision);
    } catch (problem) {
      if (mine === asked) container.replaceChildren(el('p', { class: 'errtxt' }, '检查没有完成，稍后改动时会再检查。'));
    }
  };
}
