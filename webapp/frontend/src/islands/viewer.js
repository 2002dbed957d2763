// The diagram of a case: done, current, overdue and waiting elements, with who and when.
//
// <div data-island="viewer" data-xml="URL" data-state-url="URL"></div>; the state is
// {"done": [ids], "current": [ids], "overdue": [ids], "flows": [ids],
//  "notes": {id: {"text": "11-06 王某", "kind": "done" | "current" | "overdue"}}}.
// Choosing an element dispatches `element-chosen` (detail.id, detail.name) and opens the records at #records-<id>.
import { drawDiagram, elementOf, read } from '../diagram.js';

const KINDS = { done: '已办结', current: '正在办理', overdue: '已超期' };

function mark(viewer, state) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const elements = viewer.get('elementRegistry');
  const present = (ids) => (ids || []).filter((id) => elements.get(id));
  for (const kind of Object.keys(KINDS)) {
    for (const id of present(state[kind])) canvas.addMarker(id, `is-${kind}`);
  }
  for (const id of present(state.flows)) canvas.addMarker(id, 'is-taken');
  for (const id of present(Object.keys(state.notes || {}))) {
    const { text, kind } = state.notes[id];
    const words = text.replace(/ (?=\d+ )|(?<= \d+) /g, '\u00a0'); // a line ends between who and how long, not within
    const note = elementOf('div', `diagram-note note-${kind}`, kind === 'done' ? `✓ ${words}` : words);
    note.title = `${KINDS[kind] || ''} ${text}`.trim();
    overlays.add(id, 'note', { position: { bottom: 16, left: 0 }, html: note, scale: { min: 1, max: 1 } });
  }
}

function describe(element, state) {
  const name = element.businessObject.name || element.id;
  const kind = Object.keys(KINDS).filter((key) => (state[key] || []).includes(element.id)).pop();
  const note = state.notes?.[element.id]?.text;
  return [name, kind ? KINDS[kind] : '未到', note].filter(Boolean).join('，');
}

function choose(host, element) {
  const name = element.businessObject.name || '';
  host.dispatchEvent(new CustomEvent('element-chosen', { bubbles: true, detail: { id: element.id, name } }));
  const records = document.getElementById(`records-${element.id}`);
  if (!records) return;
  for (const each of records.querySelectorAll(':scope > details')) each.open = true;
  records.focus({ preventScroll: true }); // a screen reader goes on there
  records.scrollIntoView({ behavior: 'smooth', block: 'start' });
}

export async function mount(host) {
  const [xml, state] = await Promise.all([
    read(host.dataset.xml).then((answer) => answer.text()),
    host.dataset.stateUrl ? read(host.dataset.stateUrl).then((answer) => answer.json()) : JSON.parse(host.dataset.state || '{}'),
  ]);
  if (!/<(?:\w+:)?BPMNDiagram\b/.test(xml)) { // another program may leave the drawing out
    host.append(elementOf('p', 'text-secondary p-3 mb-0', '这个流程的文件里只有步骤，没有图形。'));
    return;
  }
  await drawDiagram(host, xml, {
    legend: [...Object.entries(KINDS), ['waiting', '未到'], ['flow', '走过的路线']],
    mark: (viewer) => mark(viewer, state),
    describe: (element) => describe(element, state),
    choose: (element) => choose(host, element),
  });
}
