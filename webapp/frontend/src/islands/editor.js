// The editor of a draft: the modeler in Chinese, our properties, the server's problems as one types, saved by itself.
//
// <div data-island="editor" data-xml data-save data-problems data-catalogue data-revision data-editable></div>
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn-embedded.css';
import 'diagram-js-minimap/assets/diagram-js-minimap.css';
import Modeler from 'bpmn-js/lib/Modeler';
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import minimap from 'diagram-js-minimap';
import '../css/editor.css';
import { FONT, SIZE } from '../diagram-text.js';
import chinese, { untranslated } from './editor/chinese.js';
import { el, readJson } from './editor/dom.js';
import { propertiesPanel } from './editor/panel.js';
import { problemsPanel } from './editor/problems.js';
import { saving } from './editor/saving.js';
import sgyp from './editor/sgyp.js';
import { stepList } from './editor/steps.js';
import subset from './editor/subset.js';

const MARGIN = 20; // pixels
const TOOLS = [
  ['undo', '撤销'], ['redo', '重做'], ['copy', '复制'], ['paste', '粘贴'], ['find', '查找'],
  ['in', '放大'], ['out', '缩小'], ['fit', '适合窗口'],
];
const NARROW = '(max-width: 900px)'; // as in editor.css: the picture would have no room beside its tools
const TO_READ = new Set(['find', 'in', 'out', 'fit']);

function frame(host, editable) {
  const buttons = TOOLS.filter(([name]) => editable || (TO_READ.has(name) && name !== 'find')).map(([name, label]) =>
    el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', 'data-tool': name, disabled: true }, label));
  const list = el('button', { type: 'button', class: 'btn btn-sm btn-outline-primary ms-auto', 'data-tool': 'list', 'aria-pressed': 'false', disabled: true }, '环节列表');
  const bar = el('div', { class: 'editor-bar no-print', role: 'toolbar', 'aria-label': '流程图工具' }, ...buttons, list);
  const canvas = el('div', { class: 'editor-canvas' });
  const steps = el('div', { class: 'editor-steps', hidden: true });
  const properties = el('div', { class: 'editor-panel', id: 'editor-properties', role: 'tabpanel', 'aria-labelledby': 'tab-properties' });
  const problems = el('div', { class: 'editor-panel', id: 'editor-problems', role: 'tabpanel', 'aria-labelledby': 'tab-problems', hidden: true });
  const tab = (name, label, on) => el('button', { type: 'button', class: 'editor-tab', role: 'tab', id: `tab-${name}`, 'aria-controls': `editor-${name}`, 'aria-selected': String(on) }, label);
  const tabs = el('div', { class: 'editor-tabs', role: 'tablist', 'aria-label': '属性和问题' }, tab('properties', '属性', true), tab('problems', '问题', false));
  const side = el('div', { class: 'editor-side' }, tabs, properties, problems);
  const narrow = el('p', { class: 'editor-narrow', role: 'note' }, '这块屏幕太窄，不便画图：画图请用宽 900 像素以上的电脑屏幕。下面是同一个流程的“环节列表”，可以看，也可以照样插入、删除和改属性。');
  host.append(narrow, bar, el('div', { class: 'editor-body' }, canvas, steps, side));
  return { bar, canvas, steps, tabs, properties, problems };
}

function open(parts, name) {
  for (const each of ['properties', 'problems']) {
    parts[each].hidden = each !== name;
    document.getElementById(`tab-${each}`).setAttribute('aria-selected', String(each === name));
  }
}

// the palette covers the left edge: the picture begins beside it
function fit(modeler, beside) {
  const canvas = modeler.get('canvas');
  canvas.resized();
  const { inner, outer } = canvas.viewbox();
  if (!outer.width || !inner.width) return;
  const scale = Math.min(1.25, (outer.width - beside - MARGIN) / inner.width, (outer.height - 3 * MARGIN) / inner.height);
  const box = { width: outer.width / scale, height: outer.height / scale };
  const spare = Math.max(0, outer.width - beside - MARGIN - inner.width * scale) / 2;
  canvas.viewbox({ ...box, x: inner.x - (beside + spare) / scale, y: inner.y - (box.height - inner.height) / 2 });
}

function use(modeler, name, fitNow) {
  const canvas = modeler.get('canvas');
  if (name === 'fit') fitNow();
  else if (name === 'in' || name === 'out') canvas.zoom(Math.min(4, Math.max(0.2, canvas.zoom() * (name === 'in' ? 1.25 : 0.8))), 'auto');
  else modeler.get('editorActions').trigger(name);
}

function build(container, editable) {
  const Kind = editable ? Modeler : NavigatedViewer;
  return new Kind({
    container,
    additionalModules: editable ? [chinese, minimap, subset] : [chinese, minimap],
    moddleExtensions: { sgyp },
    textRenderer: { defaultStyle: { fontFamily: FONT, fontSize: SIZE }, externalStyle: { fontFamily: FONT, fontSize: SIZE } },
  });
}

export async function mount(host) {
  const editable = host.dataset.editable === 'true';
  const parts = frame(host, editable);
  const [xml, choices] = await Promise.all([fetch(host.dataset.xml).then((answer) => answer.text()), readJson(host.dataset.catalogue)]);
  const modeler = build(parts.canvas, editable);
  await modeler.importXML(xml);
  const fitNow = () => fit(modeler, MARGIN + (parts.canvas.querySelector('.djs-palette')?.offsetWidth || 0) + 10);
  fitNow();
  modeler.on('root.set', () => requestAnimationFrame(fitNow));
  propertiesPanel(modeler, parts.properties, choices, editable);
  const count = (errors, warnings) => {
    const label = errors || warnings ? `问题 ${errors ? `${errors} 错误` : ''}${errors && warnings ? '，' : ''}${warnings ? `${warnings} 提醒` : ''}` : '问题 ✓';
    const tab = document.getElementById('tab-problems');
    tab.textContent = label;
    tab.classList.toggle('has-errors', errors > 0);
  };
  const check = problemsPanel(host, modeler, parts.problems, count);
  if (editable) saving(host, modeler, check);
  const list = stepList(modeler, parts.steps, choices, editable);
  host.addEventListener('problems-wanted', () => open(parts, 'problems'));
  parts.tabs.addEventListener('click', ({ target }) => { if (target.id) open(parts, target.id.replace('tab-', '')); });
  parts.bar.addEventListener('click', ({ target }) => {
    const name = target.dataset.tool;
    if (name === 'list') {
      const on = parts.steps.hidden;
      parts.steps.hidden = !on;
      parts.canvas.hidden = on;
      target.setAttribute('aria-pressed', String(on));
      target.textContent = on ? '回到流程图' : '环节列表';
      if (on) list(); else fitNow();
    } else if (name) use(modeler, name, fitNow);
  });
  host.modeler = modeler;
  host.untranslated = untranslated;
  for (const button of parts.bar.children) button.disabled = false; // a click before this would be lost
  if (window.matchMedia(NARROW).matches) parts.bar.querySelector('[data-tool=list]').click();
  check();
}
