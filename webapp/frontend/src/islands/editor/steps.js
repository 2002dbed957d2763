// The same procedure as a list for those who fear pictures: insert, remove, reorder; the picture stays neatly drawn.
//
// Every change goes through the modeler as one step, so that it is saved, checked and undone like one made in the picture.
import { conditionText } from './conditions.js';
import { el } from './dom.js';
import { dueText } from './moments.js';
import { readPermissions } from './permissions.js';
import { kindOf } from './words.js';

const ROOM = 150; // units of the picture for one more step
const STEPS = /^bpmn:(User|Manual|Service|BusinessRule)?Task$|^bpmn:CallActivity$/;

class Together {
  preExecute(context) {
    context.run();
  }
}

const flows = (list) => list.filter((flow) => flow.type === 'bpmn:SequenceFlow');
const isStep = (element) => STEPS.test(element.businessObject.$type);

// what stands in one scope in the order a case comes to it; what leads back is passed over
function ordered(nodes) {
  const starts = nodes.filter((node) => node.type === 'bpmn:StartEvent');
  const seen = new Set();
  const after = [];
  const visit = (node) => {
    if (seen.has(node)) return;
    seen.add(node);
    const bare = (flow) => (node.businessObject.default === flow.businessObject ? 0 : 1);
    const ways = [...flows(node.outgoing)].sort((a, b) => bare(b) - bare(a));
    for (const flow of ways) visit(flow.target);
    for (const event of node.attachers || []) visit(event);
    after.push(node);
  };
  for (const node of [...starts].reverse()) visit(node);
  for (const node of nodes) visit(node);
  return after.reverse();
}

export function stepList(modeler, container, choices, editable) {
  const registry = modeler.get('elementRegistry');
  const stack = modeler.get('commandStack', false);
  if (editable) stack.registerHandler('steps.together', Together);
  const modeling = modeler.get('modeling', false);
  const together = (run) => stack.execute('steps.together', { run });

  function nodesIn(bo) {
    return (bo.flowElements || []).filter((each) => !/SequenceFlow$/.test(each.$type)).map((each) => registry.get(each.id)).filter(Boolean);
  }

  // -- changes

  function makeRoom(shape, atX) {
    const tool = modeler.get('spaceTool');
    const around = [];
    const collect = (element) => (element.children || []).forEach((child) => { around.push(child); collect(child); });
    collect(shape.parent);
    const { movingShapes, resizingShapes } = tool.calculateAdjustments(around, 'x', ROOM, atX);
    tool.makeSpace(movingShapes, resizingShapes, { x: ROOM, y: 0 }, 'e', atX);
  }

  function created(shape, x) {
    const task = modeler.get('elementFactory').createShape({ type: 'bpmn:UserTask' });
    const middle = { x: x + task.width / 2, y: shape.y + shape.height / 2 };
    const made = modeling.createShape(task, middle, shape.parent);
    modeling.updateProperties(made, { name: '新环节' });
    return made;
  }

  function insertBefore(shape) {
    let made;
    together(() => {
      const { x } = shape;
      const arriving = flows(shape.incoming);
      makeRoom(shape, x - 1);
      made = created(shape, x);
      for (const flow of arriving) modeling.reconnectEnd(flow, made, { x: made.x, y: made.y + made.height / 2 });
      modeling.connect(made, shape, { type: 'bpmn:SequenceFlow' });
      for (const flow of arriving) modeling.layoutConnection(flow);
    });
    chosen(made);
  }

  function insertAfter(shape) {
    let made;
    together(() => {
      const leaving = flows(shape.outgoing);
      const x = shape.x + shape.width + (ROOM - 100);
      makeRoom(shape, shape.x + shape.width + 1);
      made = created(shape, x);
      for (const flow of leaving) modeling.reconnectStart(flow, made, { x: made.x + made.width, y: made.y + made.height / 2 });
      modeling.connect(shape, made, { type: 'bpmn:SequenceFlow' });
      for (const flow of leaving) modeling.layoutConnection(flow);
    });
    chosen(made);
  }

  function remove(shape) {
    together(() => {
      const [leaving] = flows(shape.outgoing);
      const target = leaving?.target;
      for (const flow of flows(shape.incoming)) {
        if (target && flow.source !== target) {
          modeling.reconnectEnd(flow, target, { x: target.x, y: target.y + target.height / 2 });
          modeling.layoutConnection(flow);
        }
      }
      modeling.removeElements([shape]);
    });
    render();
  }

  // two steps in a row with nothing between them change places
  function swappable(first) {
    const [flow, ...more] = flows(first?.outgoing || []);
    const second = flow?.target;
    const plain = second && !more.length && isStep(second) && flows(second.incoming).length === 1 && flows(second.outgoing).length === 1;
    return plain && !(first.attachers || []).length && !(second.attachers || []).length ? { first, flow, second } : null;
  }

  function swap({ first, flow, second }) {
    together(() => {
      const left = { x: first.x, y: first.y };
      const arriving = flows(first.incoming);
      const [leaving] = flows(second.outgoing);
      modeling.removeConnection(flow);
      modeling.moveElements([first], { x: second.x - first.x, y: second.y - first.y });
      modeling.moveElements([second], { x: left.x - second.x, y: left.y - second.y });
      for (const each of arriving) modeling.reconnectEnd(each, second, { x: second.x, y: second.y + second.height / 2 });
      modeling.reconnectStart(leaving, first, { x: first.x + first.width, y: first.y + first.height / 2 });
      modeling.connect(second, first, { type: 'bpmn:SequenceFlow' });
      for (const each of [...arriving, leaving]) modeling.layoutConnection(each);
    });
    chosen(first);
  }

  function chosen(shape) {
    const canvas = modeler.get('canvas');
    const root = canvas.findRoot(shape); // only what stands in the open phase can be chosen
    if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
    modeler.get('selection').select(shape);
    render();
    container.querySelector('tr.table-active')?.scrollIntoView({ block: 'nearest' });
  }

  // -- the list

  function who(bo) {
    const lane = (bo.lanes || []).map((each) => each.name)[0];
    return [bo.get('sgyp:who') || lane || '', bo.get('sgyp:role') === 'signer' ? '审核人' : ''].filter(Boolean).join(' ');
  }

  function formOf(bo) {
    const handler = choices.handlers.find((each) => each.value === bo.get('sgyp:handler'));
    const form = choices.forms.find((each) => each.value === bo.get('sgyp:form'));
    if (handler || form) return (handler || form).label;
    return bo.get('sgyp:form') || bo.get('sgyp:handler') || (/(User|Manual)Task$/.test(bo.$type) ? '通用' : '');
  }

  function permissionsLine(bo) {
    const { length } = readPermissions(bo.get('sgyp:fields'));
    return length ? el('div', { class: 'hint' }, `${length} 个字段另有权限`) : null;
  }

  function act(label, run, can = true, why = '') {
    const button = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', disabled: !can, title: can ? '' : why }, label);
    button.addEventListener('click', (event) => { event.stopPropagation(); run(); });
    return button;
  }

  function stepRow(shape, number) {
    const bo = shape.businessObject;
    const down = swappable(shape);
    const [before] = flows(shape.incoming);
    const up = before && flows(shape.incoming).length === 1 && isStep(before.source) ? swappable(before.source) : null;
    const why = '前后有分支，请在流程图里调整';
    const acts = !editable ? null : el('div', { class: 'step-row-acts' },
      el('div', {}, act('在前面插入', () => insertBefore(shape), flows(shape.incoming).length > 0), act('在后面插入', () => insertAfter(shape), flows(shape.outgoing).length > 0)),
      el('div', {}, act('上移', () => swap(up), Boolean(up), why), act('下移', () => swap(down), Boolean(down), why),
        act('删除', () => remove(shape), flows(shape.outgoing).length === 1, why)));
    const name = el('button', { type: 'button', class: 'btn btn-link p-0 text-start' }, bo.name || '（没有名称）');
    const row = el('tr', { class: modeler.get('selection').isSelected(shape) ? 'table-active' : '', 'data-step': shape.id },
      el('td', {}, number), el('td', {}, name, el('div', { class: 'hint' }, kindOf(shape))), el('td', { 'data-label': '谁来办' }, who(bo)),
      el('td', { 'data-label': '期限' }, /(User|Manual)Task$/.test(bo.$type) ? dueText(bo.get('sgyp:due'), choices.dates) : ''),
      el('td', { 'data-label': '表单' }, formOf(bo), permissionsLine(bo)), el('td', {}, acts));
    name.addEventListener('click', () => chosen(shape));
    return row;
  }

  function branchRow(shape) {
    const bo = shape.businessObject;
    const ways = flows(shape.outgoing).map((flow) => {
      const to = flow.target.businessObject.name || kindOf(flow.target);
      const when = bo.default === flow.businessObject ? '其他情况' : conditionText(flow.businessObject, choices) || flow.businessObject.name || '';
      return `${when ? `${when}：` : ''}到“${to}”`;
    });
    return el('tr', { class: 'text-secondary small' }, el('td', {}), el('td', { colspan: 5 }, `${bo.name || kindOf(shape)}　${ways.join('；')}`));
  }

  function rowsOf(bo, prefix) {
    let number = 0;
    return ordered(nodesIn(bo)).flatMap((shape) => {
      if (isStep(shape)) {
        number += 1;
        return [stepRow(shape, `${prefix}${number}`)];
      }
      if (shape.type === 'bpmn:SubProcess') {
        number += 1;
        const head = el('tr', { class: 'table-light' }, el('td', {}, `${prefix}${number}`), el('th', { colspan: 5, scope: 'rowgroup' }, shape.businessObject.name || '阶段'));
        return [head, ...rowsOf(shape.businessObject, `${prefix}${number}.`)];
      }
      if (shape.type === 'bpmn:IntermediateCatchEvent') {
        return [el('tr', { class: 'text-secondary small' }, el('td', {}), el('td', { colspan: 5 }, `等待：${shape.businessObject.name || ''}`))];
      }
      return /Gateway$/.test(shape.type) && flows(shape.outgoing).length > 1 ? [branchRow(shape)] : [];
    });
  }

  function render() {
    if (container.hidden) return;
    const process = modeler.getDefinitions().rootElements.find((each) => each.$type === 'bpmn:Process');
    const head = el('tr', {}, ...['', '环节', '谁来办', '期限', '表单', ''].map((label) => el('th', { scope: 'col' }, label)));
    container.replaceChildren(el('table', { class: 'table table-sm align-middle mb-0 step-table' }, el('thead', {}, head), el('tbody', {}, ...rowsOf(process, ''))));
  }

  modeler.on('elements.changed', () => requestAnimationFrame(render));
  return render;
}
