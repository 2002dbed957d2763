// One field of a form: a line that opens into its settings.
import { el } from '../editor/dom.js';
import { choice, number, text, tick } from '../editor/fields.js';

const CHOOSING = new Set(['radio', 'select', 'checks']);
const LENGTHS = new Set(['text', 'textarea']);
// what kind of answer a variable can hold: a choice is no yes or no, whatever it is called
const PUBLISHES = {
  truth: new Set(['tick']), choice: new Set(['radio', 'select', 'text']), text: new Set(['radio', 'select', 'text']),
  number: new Set(['integer', 'money', 'percent', 'year']), day: new Set(['date']), list: new Set(['checks']),
};
const NUMBERS = new Set(['integer', 'money', 'percent', 'year']);
const WIDTHS = [{ value: '12', label: '整行' }, { value: '6', label: '半行' }, { value: '4', label: '三分之一行' }, { value: '3', label: '四分之一行' }, { value: '8', label: '三分之二行' }];

function set(field, key, value) {
  if (value === undefined || value === '' || value === false) delete field[key];
  else field[key] = value;
}

// the words are typed, one a line; each keeps the value it had, so that answers already given stay what they were
function optionsFrom(words, old) {
  const lines = words.split('\n').map((each) => each.trim()).filter(Boolean);
  const byLabel = new Map(old.map((each) => [each.label, each.value]));
  const taken = new Set(old.map((each) => each.value));
  let serial = 0;
  const fresh = () => {
    do serial += 1; while (taken.has(`o${serial}`));
    taken.add(`o${serial}`);
    return `o${serial}`;
  };
  return lines.map((label, place) => {
    const same = byLabel.get(label) ?? (lines.length === old.length ? old[place].value : undefined);
    return { value: same ?? fresh(), label };
  });
}

function typed(field, type) {
  field.type = type;
  for (const key of ['options', 'vocabulary', 'source', 'kind', 'columns', 'max_length', 'min', 'max', 'publish']) delete field[key];
  if (CHOOSING.has(type)) field.options = [{ value: 'o1', label: '是' }, { value: 'o2', label: '否' }];
  if (type === 'file') field.kind = 'other';
  if (type === 'table') field.columns = [{ name: 'c1', label: '内容', type: 'text' }];
  if (['textarea', 'file', 'table', 'note', 'radio', 'checks'].includes(type)) field.width = 12;
  if (type === 'note') delete field.required;
}

export function fieldCard(state, section, field, place) {
  const { known, changed, redraw } = state;
  const old = known.kept.includes(field.name);
  const types = Object.entries(known.types).map(([value, label]) => ({ value, label }));
  const label = el('span', { class: 'fw-semibold' }, field.label);
  const kind = known.types[field.type] || known.words[field.type] || field.type;
  const card = el('details', { class: `form-field${field.retired ? ' is-retired' : ''}`, 'data-field': field.name, open: state.opened.has(field.name) });
  card.addEventListener('toggle', () => (card.open ? state.opened.add(field.name) : state.opened.delete(field.name)));
  card.append(el('summary', {}, label, el('span', { class: 'hint ms-2' }, `${kind}${field.required ? '　必填' : ''}${field.retired ? '　已停用' : ''}`)));
  const change = (key) => (value) => { set(field, key, value); changed(); };

  const parts = [text('标签', field.label, (value) => { field.label = value; label.textContent = value; changed(); })];
  if (old || known.words[field.type]) parts.push(el('p', { class: 'hint' }, `类型：${kind}（用过的字段不能改类型）`));
  else parts.push(choice('类型', types, field.type, (type) => { typed(field, type); redraw(); changed(); }));
  if (!['note', 'display'].includes(field.type)) parts.push(tick('必填', field.required === true, change('required')));
  parts.push(choice('宽度', WIDTHS, String(field.width || 6), (value) => { field.width = Number(value); changed(); }));
  parts.push(text('提示', field.help, change('help')));
  if (LENGTHS.has(field.type)) parts.push(number('最多多少字', field.max_length, change('max_length'), { most: 20000 }));
  if (NUMBERS.has(field.type)) {
    parts.push(number('最小', field.min, change('min'), { least: 0, most: 2000000000 }));
    parts.push(number('最大', field.max, change('max'), { least: 0, most: 2000000000 }));
  }
  if (CHOOSING.has(field.type) && (!field.source || field.source.startsWith('list:'))) parts.push(...optionFields(field, known, changed, redraw));
  if (field.type === 'file') {
    const kinds = Object.entries(known.kinds).map(([value, words]) => ({ value, label: words }));
    parts.push(choice('归档时是哪种材料', kinds, field.kind, change('kind')));
  }
  if (field.type === 'table' && !old) parts.push(columnField(field, changed));
  parts.push(...conditionFields(state, field));
  if (!['note', 'display', 'file', 'table', 'matrix', 'records'].includes(field.type)) {
    const variables = known.variables.filter((each) => each.value === field.publish || PUBLISHES[each.kind].has(field.type));
    if (variables.length) parts.push(choice('办完后记入哪个变量', [{ value: '', label: '（不记）' }, ...variables], field.publish, change('publish'), { hint: '记入后，流程图里的条件可以用它' }));
  }
  const sections = state.form.sections.map((each, number) => ({ value: String(number), label: each.title }));
  if (sections.length > 1) {
    parts.push(choice('放在哪个分组', sections, String(state.form.sections.indexOf(section)), (number) => {
      section.fields.splice(place, 1);
      state.form.sections[Number(number)].fields.push(field);
      redraw();
      changed();
    }));
  }
  parts.push(buttons(state, section, field, place, old));
  card.append(el('div', { class: 'form-field-body' }, ...parts));
  return card;
}

function optionFields(field, known, changed, redraw) {
  const lists = Object.entries(known.vocabularies).map(([value, words]) => ({ value, label: words }));
  const own = Object.entries(known.lists).map(([value, words]) => ({ value, label: words }));
  const groups = [{ value: '', label: '自己列' }, { group: '词汇表', options: own }, { group: '方案的固定列表', options: lists }];
  const source = choice('选项', groups, field.source || field.vocabulary, (value) => {
    for (const key of ['vocabulary', 'source', 'options']) delete field[key];
    if (value.startsWith('list:')) {
      field.source = value;
    } else if (value) {
      field.vocabulary = value;
    } else {
      field.options = [{ value: 'o1', label: '是' }, { value: 'o2', label: '否' }];
    }
    redraw();
    changed();
  });
  if (field.vocabulary || field.source) return [source];
  const words = (field.options || []).map((each) => each.label).join('\n');
  const list = text('每行一个选项', words, (value) => { field.options = optionsFrom(value, field.options || []); changed(); }, { rows: 4 });
  return [source, list];
}

function columnField(field, changed) {
  const words = field.columns.map((each) => each.label).join('\n');
  return text('每行一列的标题', words, (value) => {
    field.columns = value.split('\n').map((each) => each.trim()).filter(Boolean).map((label, number) => ({ name: `c${number + 1}`, label, type: 'text' }));
    changed();
  }, { rows: 3 });
}

// every choice that is asked before a field, or before the first field of a section
export function choicesBefore(state, target) {
  const before = [];
  for (const section of state.form.sections) {
    if (section === target) return before;
    for (const each of section.fields) {
      if (each === target) return before;
      if (each.options && !each.retired) before.push(each);
    }
  }
  return before;
}

function conditionWords(state, show) {
  return Object.entries(show).map(([name, values]) => {
    const asked = state.fields().find((each) => each.name === name);
    const words = values.map((value) => asked?.options?.find((each) => each.value === value)?.label || value);
    return `“${asked?.label || name}”选了${words.join('或')}`;
  }).join('，并且');
}

// a field or a section is shown only when an earlier choice has one of these values
export function conditionFields(state, field) {
  const before = choicesBefore(state, field);
  const conditions = Object.entries(field.show_if || {});
  const simple = conditions.length <= 1 && (!conditions.length || before.some((each) => each.name === conditions[0][0]));
  if (!simple) {
    if (conditions.some(([name]) => name.startsWith('$'))) return [el('p', { class: 'hint' }, '显示条件看的是项目的情况，由系统判断。')];
    const drop = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '改成总是显示');
    drop.addEventListener('click', () => { delete field.show_if; state.redraw(); state.changed(); });
    return [el('p', { class: 'hint' }, `显示条件：${conditionWords(state, field.show_if)}。`), drop];
  }
  if (!before.length) return [];
  const [name, values] = conditions[0] || ['', []];
  const first = choice('什么时候显示', [{ value: '', label: '总是显示' }, ...before.map((each) => ({ value: each.name, label: `“${each.label}”选了…` }))], name, (value) => {
    if (value) field.show_if = { [value]: [before.find((each) => each.name === value).options[0].value] };
    else delete field.show_if;
    state.redraw();
    state.changed();
  });
  if (!name) return [first];
  const options = before.find((each) => each.name === name).options;
  const ticks = options.map((each) => tick(each.label, values.includes(each.value), (on) => {
    const left = options.map((option) => option.value).filter((value) => (value === each.value ? on : field.show_if[name].includes(value)));
    if (left.length) field.show_if = { [name]: left };
    else delete field.show_if;
    if (!left.length) state.redraw();
    state.changed();
  }));
  return [first, el('div', { class: 'ps-3' }, ...ticks)];
}

function buttons(state, section, field, place, old) {
  const act = (label, run, can = true, look = 'btn-outline-secondary') => {
    const button = el('button', { type: 'button', class: `btn btn-sm ${look}`, disabled: !can }, label);
    button.addEventListener('click', () => { run(); state.redraw(); state.changed(); });
    return button;
  };
  const move = (by) => { section.fields.splice(place, 1); section.fields.splice(place + by, 0, field); };
  const away = old
    ? act(field.retired ? '恢复使用' : '停用', () => set(field, 'retired', !field.retired), !state.known.needed)
    : act('删除', () => section.fields.splice(place, 1), true, 'btn-outline-danger');
  return el('div', { class: 'd-flex flex-wrap gap-2' }, act('上移', () => move(-1), place > 0), act('下移', () => move(1), place < section.fields.length - 1), away,
    old && state.known.needed ? el('span', { class: 'hint' }, '处理程序要用这个字段，不能停用') : null);
}
