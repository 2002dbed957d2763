// Two versions side by side: what is new, gone, changed and moved in colours, the same phase open in both.
//
// <div data-island="comparison" data-old data-new data-old-label data-new-label data-marks='{"id": "added"}'></div>;
// a row with data-element in the list below shows its element in both pictures.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import '../css/comparison.css';
import { FONT, SIZE } from '../diagram-text.js';
import chinese from './editor/chinese.js';
import { el } from './editor/dom.js';

const MARGIN = 20; // units of the drawing around it
const LABELS = { added: '新增', removed: '删除', changed: '修改', moved: '移动' };

async function picture(url, label) {
  const box = el('div', { class: 'diff-picture', 'aria-label': label, role: 'group' });
  const pane = el('section', { class: 'diff-pane' }, el('h3', {}, label), box);
  const xml = await fetch(url).then((answer) => answer.text());
  return { pane, box, xml };
}

function mark(viewer, marks) {
  const registry = viewer.get('elementRegistry');
  const canvas = viewer.get('canvas');
  for (const [id, kind] of Object.entries(marks)) {
    const element = registry.get(id);
    if (!element) continue;
    canvas.addMarker(id, `diff-${kind}`);
    // a closed phase tells that something in it differs
    const around = registry.get(canvas.findRoot(element)?.id.replace(/_plane$/, ''));
    if (around && around.id in marks === false && around.type === 'bpmn:SubProcess') canvas.addMarker(around.id, 'diff-inside');
    if (element.waypoints || element.labelTarget) continue;
    viewer.get('overlays').add(id, 'diff', { position: { top: -12, left: 0 }, html: el('span', { class: `diff-key diff-${kind}` }, LABELS[kind]), scale: { min: 0.8, max: 1.2 } });
  }
}

function open(viewer, id) {
  const element = viewer.get('elementRegistry').get(id);
  const canvas = viewer.get('canvas');
  if (!element) return;
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
}

// both show the same part of the drawing: what is open, whole, whichever of the two is larger
function fit(viewers) {
  const [one, other] = viewers.map((viewer) => viewer.get('canvas').viewbox());
  if (!one.outer.width || !one.inner.width || !other.inner.width) return;
  const left = Math.min(one.inner.x, other.inner.x) - MARGIN;
  const top = Math.min(one.inner.y, other.inner.y) - MARGIN;
  const width = Math.max(one.inner.x + one.inner.width, other.inner.x + other.inner.width) + MARGIN - left;
  const height = Math.max(one.inner.y + one.inner.height, other.inner.y + other.inner.height) + MARGIN - top;
  const scale = Math.min(1, one.outer.width / width, one.outer.height / height);
  const box = { width: one.outer.width / scale, height: one.outer.height / scale };
  const spare = { x: (box.width - width) / 2, y: (box.height - height) / 2 };
  viewers[0].get('canvas').viewbox({ ...box, x: left - spare.x, y: top - spare.y });
}

// what is moved or magnified in one is so in the other, as long as both have the same phase open
function together(viewers) {
  let following = false;
  viewers.forEach((viewer, number) => viewer.on('canvas.viewbox.changed', ({ viewbox: { x, y, width, height } }) => {
    const canvas = viewers[1 - number].get('canvas');
    if (following || canvas.getRootElement().id !== viewer.get('canvas').getRootElement().id) return;
    following = true;
    canvas.viewbox({ x, y, width, height });
    following = false;
  }));
}

export async function mount(host) {
  const marks = JSON.parse(host.dataset.marks);
  const sides = await Promise.all([picture(host.dataset.old, host.dataset.oldLabel), picture(host.dataset.new, host.dataset.newLabel)]);
  host.classList.add('diff-panes');
  host.append(...sides.map((side) => side.pane));
  const viewers = [];
  for (const side of sides) {
    const viewer = new NavigatedViewer({
      container: side.box,
      additionalModules: [chinese],
      textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: SIZE }, externalStyle: { fontFamily: FONT, fontSize: SIZE } },
    });
    await viewer.importXML(side.xml);
    mark(viewer, marks);
    viewers.push(viewer);
  }
  together(viewers);
  fit(viewers);
  viewers.forEach((viewer, number) => viewer.on('root.set', ({ element }) => {
    const other = viewers[1 - number].get('canvas');
    const same = other.getRootElements().find((root) => root.id === element.id);
    if (same && other.getRootElement() !== same) other.setRootElement(same);
    requestAnimationFrame(() => fit(viewers));
  }));
  for (const row of document.querySelectorAll('tr[data-element]')) {
    const go = el('button', { type: 'button', class: 'btn btn-sm btn-link p-0' }, '看图');
    go.addEventListener('click', () => {
      for (const viewer of viewers) open(viewer, row.dataset.element);
      fit(viewers);
      host.scrollIntoView({ block: 'nearest' });
    });
    row.children[1].append(' ', go);
  }
  host.viewers = viewers;
}
