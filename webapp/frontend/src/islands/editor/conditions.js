// A line's condition chosen instead of written: what is looked at, how, with which value; and a condition said in words.
//
// What is more than comparisons with constants joined by “and” or “or” is left as it is written.
import { el } from './dom.js';
import { choice, text } from './fields.js';

const TERM = /^(?:(not)\s+)?([A-Za-z]\w*)(?:\s*(==|!=|>=|<=|>|<)\s*('[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|[Tt]rue|[Ff]alse))?$/;
const OPERATORS = {
  truth: [['==', '是']],
  choice: [['==', '为'], ['!=', '不为']],
  text: [['==', '为'], ['!=', '不为']],
  number: [['==', '等于'], ['!=', '不等于'], ['>=', '不少于'], ['>', '多于'], ['<=', '不多于'], ['<', '少于']],
  day: [['==', '是这一天'], ['<', '早于'], ['<=', '不晚于'], ['>', '晚于'], ['>=', '不早于']],
};
const JOINS = [['and', '都符合'], ['or', '符合一条就行']];
const BY_HAND = /^bpmn:(User|Manual)?Task$/;
const FIRST = { truth: 'true', number: '1' };

// the parts between “and”s or “or”s, null where brackets or both make more of it
function parts(written, join) {
  const found = [];
  let quote = '';
  let from = 0;
  for (let at = 0; at < written.length; at += 1) {
    const sign = written[at];
    if (quote) quote = sign === quote ? '' : quote;
    else if (sign === "'" || sign === '"') quote = sign;
    else if (written.startsWith(` ${join} `, at)) {
      found.push(written.slice(from, at));
      from = at + join.length + 2;
      at = from - 1;
    }
  }
  return [...found, written.slice(from)].map((each) => each.trim());
}

export function readCondition(written) {
  if (!written?.trim()) return { join: 'and', terms: [] };
  const joins = ['and', 'or'].filter((each) => parts(written, each).length > 1);
  if (joins.length > 1) return null;
  const terms = parts(written, joins[0] || 'and').map((each) => {
    const found = TERM.exec(each);
    if (!found) return null;
    const [, not, name, how, value] = found;
    if (not && how) return null;
    if (!how) return { name, how: '==', value: String(!not) };
    return { name, how, value: /^[tf]/i.test(value) ? value.toLowerCase() : value.replace(/^['"]|['"]$/g, '') };
  });
  return terms.includes(null) ? null : { join: joins[0] || 'and', terms };
}

export function writeCondition({ join, terms }, variables) {
  const kind = (name) => variables.find((each) => each.value === name)?.kind;
  return terms.map(({ name, how, value }) => {
    if (kind(name) === 'truth') return (value === 'true') === (how === '==') ? name : `not ${name}`;
    return `${name} ${how} ${kind(name) === 'number' ? value || '0' : `'${value.replaceAll("'", '')}'`}`;
  }).join(` ${join} `);
}

// the steps done by hand that lead to an element with no other between them, phases looked into
function stepsBefore(bo) {
  const found = [];
  const seen = new Set();
  const ahead = [bo.sourceRef || bo];
  while (ahead.length) {
    const here = ahead.pop();
    if (!here || seen.has(here)) continue;
    seen.add(here);
    if (BY_HAND.test(here.$type)) found.push(here);
    else if (here.$type === 'bpmn:SubProcess') ahead.push(...(here.flowElements || []).filter((each) => each.$type === 'bpmn:EndEvent'));
    else if (here.attachedToRef) ahead.push(here.attachedToRef);
    else ahead.push(...(here.incoming || []).map((flow) => flow.sourceRef));
  }
  return found;
}

// what a variable can be at a line: in the words of the steps before it, else of all forms
export function valuesOf(variable, bo, choices) {
  const forms = [...choices.handlers, ...choices.forms];
  const of = (list) => {
    const words = new Map(variable.values.map((each) => [each.value, each.label]));
    for (const form of list) for (const each of form.answers[variable.value] || []) if (!words.has(each.value)) words.set(each.value, each.label);
    return [...words].map(([value, label]) => ({ value, label }));
  };
  const named = stepsBefore(bo).map((step) => step.get('sgyp:handler') || step.get('sgyp:form'));
  const near = of(forms.filter((each) => named.includes(each.value)));
  return near.length ? near : of(forms);
}

export function conditionText(bo, choices) {
  const written = bo.conditionExpression?.body || '';
  const read = readCondition(written);
  const known = (name) => choices.variables.find((each) => each.value === name);
  if (!read || read.terms.some((each) => !OPERATORS[known(each.name)?.kind])) return written;
  return read.terms.map(({ name, how, value }) => {
    const variable = known(name);
    if (variable.kind === 'truth') return `“${variable.label}”为“${(value === 'true') === (how === '==') ? '是' : '否'}”`;
    const label = valuesOf(variable, bo, choices).find((each) => each.value === value)?.label || value;
    return `“${variable.label}”${OPERATORS[variable.kind].find(([sign]) => sign === how)?.[1] || how}“${label}”`;
  }).join(read.join === 'and' ? '，且' : '，或');
}

function valueField(variable, term, bo, choices, set) {
  if (variable.kind === 'truth') {
    const now = (term.value === 'true') === (term.how === '==') ? 'true' : 'false';
    return choice('是不是', [{ value: 'true', label: '是' }, { value: 'false', label: '否' }], now, (value) => set({ how: '==', value }));
  }
  const values = valuesOf(variable, bo, choices);
  if (variable.kind === 'choice' && values.length) return choice('什么', [{ value: '', label: '（请选择）' }, ...values], term.value, (value) => set({ value }));
  const field = text('什么', term.value, (value) => set({ value }));
  if (variable.kind === 'day') field.querySelector('input').type = 'date';
  if (variable.kind === 'number') field.querySelector('input').type = 'number';
  return field;
}

// `set` gets the whole condition as it is written in the diagram; what is not chosen to the end is not written yet
export function conditionFields(bo, choices, set) {
  const offered = choices.variables.filter((each) => OPERATORS[each.kind]);
  const rows = el('div');
  const written = text('条件', bo.conditionExpression?.body, (words) => { set(words); read(words); draw(); }, { rows: 2, hint: "如 category == 'rebuild' and not exit_decided" });
  const asWritten = el('details', { class: 'property' }, el('summary', { class: 'form-label' }, '自己写'), written, variableTable(choices));
  let condition = null;

  function read(words) {
    condition = readCondition(words);
    if (condition?.terms.some((each) => !offered.some((known) => known.value === each.name))) condition = null;
    if (!condition) asWritten.open = true;
  }

  function write() {
    const words = writeCondition({ ...condition, terms: condition.terms.filter((each) => each.value !== '') }, choices.variables);
    written.querySelector('textarea').value = words;
    if (words !== (bo.conditionExpression?.body || '')) set(words); // a row begun is no change yet, and is not drawn away
  }

  function fresh(name) {
    const variable = offered.find((each) => each.value === name);
    return { name, how: '==', value: FIRST[variable.kind] ?? '' };
  }

  // draws the rows anew and leaves the keyboard in the row it was in
  function changed(place) {
    write();
    draw();
    rows.children[place]?.querySelector('select, input')?.focus();
  }

  function row(term, place) {
    const variable = offered.find((each) => each.value === term.name);
    const away = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '去掉这一条');
    away.addEventListener('click', () => { condition.terms.splice(place, 1); changed(Math.max(0, place - 1)); });
    const how = variable.kind === 'truth' ? null
      : choice('怎么比', OPERATORS[variable.kind].map(([value, label]) => ({ value, label })), term.how, (sign) => { term.how = sign; write(); });
    return el('div', { class: 'condition-row' },
      choice('看什么', offered, term.name, (name) => { condition.terms[place] = fresh(name); changed(place); }),
      how, valueField(variable, term, bo, choices, (more) => { Object.assign(term, more); write(); }), away);
  }

  function draw() {
    if (!condition) {
      rows.replaceChildren(el('p', { class: 'hint' }, '这个条件不能拆成几条简单的比较，请在下面自己写。'));
      return;
    }
    const more = choice('加一个条件', [{ value: '', label: '（请选择看什么）' }, ...offered], '', (name) => { if (name) { condition.terms.push(fresh(name)); changed(condition.terms.length - 1); } });
    const join = condition.terms.length > 1 ? choice('几条之间', JOINS.map(([value, label]) => ({ value, label })), condition.join, (value) => { condition.join = value; write(); }) : null;
    rows.replaceChildren(...[...condition.terms.map(row), join, more].filter(Boolean));
  }

  read(bo.conditionExpression?.body);
  draw();
  return [rows, asWritten];
}

function variableTable({ variables }) {
  const line = (each) => el('tr', {}, el('td', {}, el('code', {}, each.value)), el('td', {}, each.label));
  return el('details', {}, el('summary', { class: 'hint' }, '可以用的变量'), el('table', { class: 'table table-sm mb-0' }, el('tbody', {}, ...variables.map(line))));
}

// when a joint step is done before everybody is
export function completionFields(body, completions, set) {
  const own = body && !completions.some((each) => each.value === body);
  const ways = [{ value: '', label: '每一份都办完' }, ...completions, { value: 'own', label: '自己写' }];
  const fields = [choice('怎么算办完', ways, own ? 'own' : body, (value) => set(value === 'own' ? 'nr_done >= 2' : value))];
  if (own) fields.push(text('提前办完的条件', body, set, { hint: '可用 nr_done（已办）、nr_total（共）' }));
  return fields;
}
