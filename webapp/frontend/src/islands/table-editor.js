// The editor of a decision table: values are chosen, never quoted; it saves itself and tells where rules meet or miss.
import '../css/table-editor.css';
import { el } from './editor/dom.js';
import { choice, text } from './editor/fields.js';
import { formSaving } from './form-editor/saving.js';

const OPERATORS = [['', '任意'], ['=', '等于'], ['>=', '不少于'], ['<=', '不多于'], ['>', '多于'], ['<', '少于'], ['raw', '自己写']];

function select(options, value, set, label) {
  const box = el('select', { class: 'form-select form-select-sm', 'aria-label': label }, ...options.map(([key, words]) => el('option', { value: key, selected: key === value }, words)));
  box.addEventListener('change', () => set(box.value));
  return box;
}

function typed(value, set, label, attributes = {}) {
  const box = el('input', { class: 'form-control form-control-sm', 'aria-label': label, ...attributes });
  box.value = value;
  box.addEventListener('change', () => set(box.value.trim()));
  return box;
}

const quoted = (text) => (text === '' ? '' : `"${text.replace(/[\\"]/g, '')}"`);
const unquoted = (text) => (/^(["']).*\1$/s.test(text) ? text.slice(1, -1) : text);

function numberCell(text, set, label, again) {
  const found = /^(>=|<=|>|<|=)?\s*(-?\d+(?:\.\d+)?)$/.exec(text);
  const kind = text === '' || text === '-' ? '' : found ? found[1] || '=' : 'raw';
  const write = (operator, value) => set(operator === '' ? '' : operator === 'raw' ? value : operator === '=' ? value : `${operator} ${value}`);
  const value = found ? found[2] : text;
  const choosing = select(OPERATORS, kind, (operator) => { write(operator, value || '1'); again(); }, label);
  if (!kind) return choosing;
  const box = typed(value, (more) => write(kind, more), `${label}的值`, kind === 'raw' ? {} : { type: 'number', step: 'any' });
  return el('div', { class: 'cell-pair' }, choosing, box);
}

function inputCell(column, text, set, again) {
  if (column.kind === 'boolean') return select([['', '任意'], ['true', '是'], ['false', '否']], text === '-' ? '' : text, set, column.label);
  if (column.values.length) {
    const known = column.values.map((each) => [quoted(each.value), each.label]);
    return select([['', '任意'], ...known, ...(text && !known.some(([key]) => key === text) ? [[text, text]] : [])], text === '-' ? '' : text, set, column.label);
  }
  if (column.kind === 'string') return typed(unquoted(text), (value) => set(quoted(value)), column.label);
  return numberCell(text, set, column.label, again);
}

function outputCell(column, text, set) {
  if (column.values.length) return select([['', '（无）'], ...column.values.map((each) => [quoted(each.value), each.label])], text.replaceAll("'", '"'), set, column.label);
  if (column.kind === 'boolean') return select([['', '（无）'], ['true', '是'], ['false', '否']], text, set, column.label);
  if (column.kind === 'string') return typed(unquoted(text), (value) => set(value === '' ? '""' : quoted(value)), column.label);
  return typed(text, set, column.label, { type: 'number', step: 'any' });
}

function trialField(column, value) {
  const known = column.kind === 'boolean' ? [['true', '是'], ['false', '否']] : column.values.map((each) => [each.value, each.label]);
  const box = known.length
    ? el('select', { class: 'form-select' }, ...[['', '（未填）'], ...known].map(([key, words]) => el('option', { value: key, selected: key === value }, words)))
    : el('input', { class: 'form-control', inputmode: column.kind === 'number' ? 'decimal' : 'text' });
  Object.assign(box, { id: `try-${column.name}`, name: column.name });
  box.value = value;
  return el('div', { class: 'col-6 col-md-3' }, el('label', { class: 'form-label mb-1', for: box.id }, column.label || column.name), box);
}

// what is tried is the table as it is saved: a question asked a moment too early waits for that
function afterSaving(host) {
  document.addEventListener('htmx:confirm', (event) => {
    if (!event.target.matches('[data-tries]') || host.dataset.saved !== 'false') return;
    event.preventDefault();
    host.addEventListener('saved', () => event.detail.issueRequest(true), { once: true });
  });
}

export function mount(host) {
  const table = JSON.parse(host.dataset.model);
  const editable = host.dataset.editable === 'true';
  const body = el('fieldset', { disabled: !editable });
  host.append(body);
  const changed = formSaving(host, () => JSON.stringify(table));

  function change(run) {
    run();
    draw();
    changed();
  }

  // a new column begins with what says nothing: any value, or the first answer there is
  const nothing = (column) => (column.values.length ? quoted(column.values[0].value) : column.kind === 'string' ? '""' : '');

  function fresh() {
    const taken = new Set(table.rules.map((rule) => rule.id));
    let number = table.rules.length + 1;
    while (taken.has(`rule_${number}`)) number += 1;
    return { id: `rule_${number}`, description: '', cells: table.inputs.map(() => ''), answers: table.outputs.map(nothing) };
  }

  function act(label, run, can = true) {
    const button = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', disabled: !can }, label);
    button.addEventListener('click', () => change(run));
    return button;
  }

  function row(rule, place) {
    const inputs = table.inputs.map((column, number) => el('td', { 'data-label': column.label || column.name }, inputCell(column, rule.cells[number], (text) => { rule.cells[number] = text; changed(); }, draw)));
    const outputs = table.outputs.map((column, number) => el('td', { class: 'is-output', 'data-label': column.label || column.name }, outputCell(column, rule.answers[number], (text) => { rule.answers[number] = text; changed(); })));
    const note = typed(rule.description, (text) => { rule.description = text; changed(); }, `规则 ${place + 1} 的说明`);
    const move = (by) => { table.rules.splice(place, 1); table.rules.splice(place + by, 0, rule); };
    const acts = el('div', { class: 'd-flex gap-1' }, act('上移', () => move(-1), place > 0), act('下移', () => move(1), place < table.rules.length - 1),
      act('删除', () => table.rules.splice(place, 1), table.rules.length > 1));
    return el('tr', {}, el('th', { scope: 'row' }, place + 1), ...inputs, ...outputs, el('td', { class: 'is-note', 'data-label': '说明' }, note), editable ? el('td', { class: 'row-acts' }, acts) : null);
  }

  function head(side, column, place) {
    if (!editable || (table.fixed && side === 'outputs')) return el('th', { scope: 'col', class: side === 'outputs' ? 'is-output' : '' }, column.label || column.name);
    const cells = side === 'inputs' ? 'cells' : 'answers';
    const away = () => { table[side].splice(place, 1); for (const rule of table.rules) rule[cells].splice(place, 1); };
    const name = el('textarea', { class: 'form-control form-control-sm', rows: 2, 'aria-label': `第 ${place + 1} 列${side === 'inputs' ? '条件' : '结论'}的名称` });
    name.value = column.label || column.name;
    name.addEventListener('change', () => { column.label = name.value.replace(/\s+/g, ' ').trim(); draw(); changed(); });
    return el('th', { scope: 'col', class: side === 'outputs' ? 'is-output' : '' }, name, act('去掉这一列', away, table[side].length > 1));
  }

  // what the table does not look at or answer yet
  function adding(side, label) {
    const left = table.offered[side].filter((each) => !table[side].some((column) => column.name === each.name));
    if (!left.length) return null;
    const cells = side === 'inputs' ? 'cells' : 'answers';
    const add = (name) => change(() => {
      const column = { ...left.find((each) => each.name === name) };
      table[side].push(column);
      for (const rule of table.rules) rule[cells].push(side === 'inputs' ? '' : nothing(column));
    });
    return choice(label, [{ value: '', label: '（请选择）' }, ...left.map((each) => ({ value: each.name, label: each.label }))], '', (name) => { if (name) add(name); });
  }

  function settings() {
    const policies = Object.entries(table.policies).map(([value, label]) => ({ value, label }));
    const policy = choice('几条规则同时成立时', policies, table.policy, (value) => { table.policy = value; changed(); });
    if (table.fixed) policy.querySelector('select').disabled = true;
    const name = text('决策表的名称', table.name, (value) => { table.name = value || table.name; changed(); });
    return el('div', { class: 'table-settings' }, name, policy, adding('inputs', '加一列条件'), adding('outputs', '加一列结论'));
  }

  // what is asked under 试一试 follows the columns; what was typed there stays
  function drawTrial() {
    const place = document.querySelector('[data-trial]');
    const typedBefore = new Map([...place.querySelectorAll('[name]')].map((box) => [box.name, box.value]));
    place.replaceChildren(...table.inputs.map((column) => trialField(column, typedBefore.get(column.name) || '')));
  }

  function draw() {
    const heads = [...table.inputs.map((each, place) => head('inputs', each, place)), ...table.outputs.map((each, place) => head('outputs', each, place))];
    const grid = el('table', { class: 'table table-sm table-bordered align-middle decision-grid' },
      el('thead', {}, el('tr', {}, el('th', {}), ...heads, el('th', { scope: 'col' }, '说明'), editable ? el('th', { class: 'row-acts' }) : null)), el('tbody', {}, ...table.rules.map(row)));
    drawTrial();
    const frame = el('div', { class: 'table-responsive' }, grid);
    const wide = el('p', { class: 'hint', hidden: true }, '表格比屏幕宽，左右拖动看其余的列。');
    requestAnimationFrame(() => { wide.hidden = frame.scrollWidth <= frame.clientWidth; });
    const narrow = el('p', { class: 'table-narrow hint' }, '一张卡片是一条规则。改列的名称、去掉列，请用宽 700 像素以上的屏幕。');
    body.replaceChildren(editable ? settings() : '', narrow, frame, wide, editable ? act('加一条规则', () => table.rules.push(fresh())) : '');
  }

  draw();
  afterSaving(host);
}
