// A diagram on a page, as every island draws it: legend, zoom, phases that open in place, steps that can be chosen.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import './css/viewer.css';
import { FONT, SIZE } from './diagram-text.js';

const MARGIN = 2;
const MARK_STRIP = 44; // the bpmn.io mark stands below the picture, not on it
const LARGEST_SCALE = 1.25;
const STEP = 1.25;
const WAITING = '#7b858f';
const INK = '#1f2933';
const CHINESE = { 'Open {element}': '打开“{element}”' };

const chinese = {
  translate: ['value', (text, values = {}) => (CHINESE[text] || text).replace(/{([^}]+)}/g, (_, key) => values[key] ?? '')],
};

export async function read(url) {
  const answer = await fetch(url, { headers: { Accept: '*/*' } });
  if (!answer.ok || answer.redirected) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

export function elementOf(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function frame(host, legendEntries) {
  const bar = elementOf('div', 'diagram-bar');
  const legend = elementOf('ul', 'legend');
  for (const [kind, label] of legendEntries) {
    const entry = elementOf('li', `legend-${kind}`, label);
    legend.append(entry);
  }
  const buttons = elementOf('div', 'btn-group btn-group-sm ms-auto no-print');
  buttons.setAttribute('role', 'group');
  buttons.setAttribute('aria-label', '流程图缩放');
  for (const [action, label] of [['in', '放大'], ['out', '缩小'], ['fit', '适合宽度']]) {
    const button = elementOf('button', 'btn btn-outline-secondary', label);
    button.type = 'button';
    button.dataset.zoom = action;
    buttons.append(button);
  }
  bar.append(legend, buttons);
  const scroller = elementOf('div', 'diagram-scroll');
  const canvas = elementOf('div', 'diagram-canvas');
  scroller.append(canvas);
  host.classList.add('diagram');
  host.replaceChildren(bar, scroller);
  return { bar, canvas };
}

// the whole plane as wide as the page, and the canvas as high as that makes it: nothing to scroll at 1366 pixels
function fit(viewer, box) {
  if (!box.clientWidth) return;
  const canvas = viewer.get('canvas');
  canvas.resized(); // forgets what was measured in a tab that was closed
  const { inner } = canvas.viewbox();
  const shownCrumbs = box.querySelector('.bjs-breadcrumbs-shown') ? 48 : 0;
  const scale = Math.min(LARGEST_SCALE, (box.clientWidth - 2 * MARGIN) / inner.width);
  box.style.height = `${Math.ceil(inner.height * scale) + 2 * MARGIN + shownCrumbs + MARK_STRIP}px`;
  canvas.resized();
  const width = box.clientWidth / scale;
  canvas.viewbox({
    x: inner.x - (width - inner.width) / 2,
    y: inner.y - (MARGIN + shownCrumbs) / scale,
    width,
    height: box.clientHeight / scale,
  });
}

function zoom(viewer, factor) {
  const canvas = viewer.get('canvas');
  canvas.zoom(Math.min(4, Math.max(0.2, canvas.zoom() * factor)), 'auto');
}

function choosable(element) {
  return element.type !== 'label' && !element.waypoints && /Task|SubProcess|Event|CallActivity/.test(element.type);
}

// steps are buttons for the keyboard and for those who hear the page
function openToKeyboard(viewer, describe, choose) {
  const canvas = viewer.get('canvas');
  for (const element of viewer.get('elementRegistry').filter(choosable)) {
    const graphics = canvas.getGraphics(element);
    graphics.setAttribute('tabindex', '0');
    graphics.setAttribute('role', 'button');
    graphics.setAttribute('aria-label', describe(element));
    graphics.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      choose(element);
    });
  }
}

function listen(viewer, host, box, choose) {
  const fitNow = () => fit(viewer, box);
  viewer.get('eventBus').on('element.click', ({ element }) => {
    if (choosable(element)) choose(element);
  });
  // a phase opens in place; the breadcrumb appears in the same turn
  viewer.get('eventBus').on('root.set', () => requestAnimationFrame(fitNow));
  host.querySelector('.diagram-bar').addEventListener('click', (event) => {
    const action = event.target.dataset.zoom;
    if (action === 'fit') fitNow();
    else if (action) zoom(viewer, action === 'in' ? STEP : 1 / STEP);
  });
  // the wheel scrolls the page; with Ctrl it zooms the picture
  box.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(viewer, event.deltaY < 0 ? STEP : 1 / STEP);
  }, { passive: false });
  let shownWidth = 0;
  new ResizeObserver(() => {
    // a hidden tab has no width: the picture is fitted when the tab opens, and not again for its own height
    if (box.clientWidth && box.clientWidth !== shownWidth) {
      shownWidth = box.clientWidth;
      requestAnimationFrame(fitNow);
    }
  }).observe(box);
}

// bpmn-js hangs its button for a phase below the box, where lines and notes are: ours is inside, with a word
function wordDrilldown(viewer) {
  const overlays = viewer.get('overlays');
  for (const { id, element, html: button } of overlays.get({ type: 'drilldown' })) {
    overlays.remove(id);
    button.setAttribute('aria-label', button.title);
    button.append('打开');
    overlays.add(element, 'open', { position: { top: 2, right: 3 }, html: button, scale: { min: 1, max: 1 } });
  }
}

// `parts`: `legend` [[kind, label]], `mark(viewer)`, `describe(element)` → words, `choose(element)`
export async function drawDiagram(host, xml, parts) {
  const { canvas: box } = frame(host, parts.legend);
  const viewer = new NavigatedViewer({
    container: box,
    additionalModules: [chinese],
    zoomScroll: { enabled: false },
    bpmnRenderer: { defaultStrokeColor: WAITING, defaultLabelColor: INK },
    textRenderer: {
      defaultStyle: { fontFamily: FONT, fontSize: SIZE },
      externalStyle: { fontFamily: FONT, fontSize: SIZE },
    },
  });
  await viewer.importXML(xml);
  parts.mark(viewer);
  openToKeyboard(viewer, parts.describe, parts.choose);
  wordDrilldown(viewer);
  listen(viewer, host, box, parts.choose);
  fit(viewer, box);
  host.viewer = viewer;
}
