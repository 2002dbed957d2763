// The properties of what is chosen, in the words of this house; every change is one step that can be undone.
import { completionFields, conditionFields } from './conditions.js';
import { el } from './dom.js';
import { choice, section, text, tick } from './fields.js';
import { permissionFields } from './permissions.js';
import { dueFields, timerFields } from './moments.js';
import { kindOf } from './words.js';

const BY_HAND = ['bpmn:UserTask', 'bpmn:ManualTask', 'bpmn:Task'];
const NONE = { value: '', label: '（不设）' };

export function propertiesPanel(modeler, container, choices, editable) {
  const modeling = modeler.get('modeling', false);
  const factory = modeler.get('bpmnFactory', false);
  const canvas = modeler.get('canvas');
  let shown = null;

  const own = (element, name) => element.businessObject.get(`sgyp:${name}`) || '';
  const setOwn = (element, name) => (value) => modeling.updateProperties(element, { [`sgyp:${name}`]: value || undefined });
  const again = () => render(shown);
  const is = (element, ...types) => types.includes(element.businessObject.$type);
  const eventOf = (element) => (element.businessObject.eventDefinitions || [])[0];

  function formal(parent, words) {
    const expression = factory.create('bpmn:FormalExpression', { body: words });
    expression.$parent = parent;
    return expression;
  }

  // -- what everything has

  function general(element) {
    const bo = element.businessObject;
    const set = (name) => modeling.updateLabel ? modeling.updateProperties(element, { name }) : null;
    return section('基本',
      text('名称', bo.name, set, { hint: /Task$/.test(bo.$type) ? '不超过 9 个字，图上看得清' : '' }),
      text('说明', documentation(bo), (words) => describe(element, words), { rows: 3, hint: '为什么有这一步、依据哪一条' }));
  }

  function documentation(bo) {
    return (bo.documentation || []).map((each) => each.text).join('\n').trim();
  }

  function describe(element, words) {
    const bo = element.businessObject;
    const written = words ? [factory.create('bpmn:Documentation', { text: words })] : [];
    for (const each of written) each.$parent = bo;
    modeling.updateProperties(element, { documentation: written });
  }

  function identity(element) {
    return section('编号', text('编号', element.businessObject.id, (id) => {
      if (modeler.get('elementRegistry').get(id) || !/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(id)) return;
      modeling.updateProperties(element, { id });
    }, { hint: '流转记录里用它认这个环节，在办的项目很多时不要改' }));
  }

  // -- steps

  function work(element) {
    if (!is(element, ...BY_HAND)) return null;
    const handler = own(element, 'handler');
    const form = own(element, 'form');
    const options = [
      { value: '', label: '通用（只填办理情况）' },
      { group: '自己设计的表单', options: choices.forms.map((each) => ({ value: `form:${each.value}`, label: each.label })) },
      { group: '随系统提供的处理程序', options: choices.handlers.map((each) => ({ value: `handler:${each.value}`, label: each.label })) },
    ];
    const now = handler ? `handler:${handler}` : form ? `form:${form}` : '';
    const set = (value) => {
      const [kind, name] = value.split(':');
      modeling.updateProperties(element, { 'sgyp:handler': kind === 'handler' ? name : undefined, 'sgyp:form': kind === 'form' ? name : undefined, 'sgyp:fields': undefined });
      again();
    };
    const known = choices.handlers.find((each) => each.value === handler) || choices.forms.find((each) => each.value === form);
    return section('填什么',
      choice('表单', options, now, set),
      known?.meaning ? told('办完后系统做什么', known.meaning) : null,
      known?.looks_at?.length ? told('用到前面哪些环节', known.looks_at.join('、')) : null,
      known ? papers(known) : null,
      known ? permissionFields(known, own(element, 'fields'), choices.permissions, setOwn(element, 'fields')) : null,
      known?.publishes.length ? told('办完后条件可以看', published(known)) : null);
  }

  // each variable with the answers it can have
  function published(form) {
    const named = Object.entries(form.answers).map(([name, values]) => [choices.variables.find((each) => each.value === name)?.label || name, values]);
    const values = (label) => (named.find(([name]) => name === label) || [])[1] || [];
    return form.publishes.map((label) => label + (values(label).length ? `（${values(label).map((each) => each.label).join('、')}）` : '')).join('；');
  }

  function told(label, words) {
    return el('div', { class: 'property' }, el('div', { class: 'form-label' }, label), el('div', { class: 'hint' }, words));
  }

  function papers(form) {
    const lines = form.papers.map((each) => `${each.label}${each.required ? '（必交）' : ''}`);
    return told('须交的材料', lines.length ? lines.join('、') : '不收材料');
  }

  function people(element) {
    if (!is(element, ...BY_HAND, 'bpmn:ServiceTask')) return null;
    const lane = (element.businessObject.lanes || []).map((each) => each.name)[0];
    const units = [{ value: '', label: lane ? `按泳道：${lane}` : '按泳道（不在泳道里的由责任单位办）' }, ...choices.lanes.map((each) => ({ value: each, label: each }))];
    const parts = [choice('办理单位', units, own(element, 'who'), setOwn(element, 'who'))];
    if (is(element, ...BY_HAND)) {
      const roles = [{ value: '', label: '经办人' }, ...choices.roles.filter((each) => each.value !== 'handler')];
      parts.push(choice('办理角色', roles, own(element, 'role') === 'handler' ? '' : own(element, 'role'), setOwn(element, 'role')));
      parts.push(tick('办完须审核人签字', own(element, 'signed') === 'true', (on) => setOwn(element, 'signed')(on ? 'true' : '')));
      parts.push(tick('可以跳过', own(element, 'skippable') === 'true', (on) => setOwn(element, 'skippable')(on ? 'true' : '')));
    }
    return section('谁来办', ...parts);
  }

  function times(element) {
    if (!is(element, ...BY_HAND)) return null;
    return section('什么时候办完',
      ...dueFields(own(element, 'due'), choices, setOwn(element, 'due'), again),
      text('到期前几个工作日提醒', own(element, 'remind'), setOwn(element, 'remind'), { hint: '可写几个数，用空格分开，如 3 1；0 为当天；不写按全县的提醒规则' }),
      choice('阶段节点', [NONE, ...choices.dates.map((each) => ({ value: `campaign:${each.value}`, label: each.label }))], own(element, 'milestone'), setOwn(element, 'milestone')));
  }

  function several(element) {
    const repeat = element.businessObject.loopCharacteristics;
    if (!is(element, ...BY_HAND) || !repeat) return null;
    const set = (name) => (value) => modeling.updateModdleProperties(element, repeat, { [`sgyp:${name}`]: value || undefined });
    const lists = choices.variables.filter((each) => each.kind === 'list');
    return section('多人会办',
      choice('由哪些人会办', [NONE, ...lists], repeat.get('sgyp:collection'), set('collection')),
      text('每一份叫什么', repeat.get('sgyp:item'), set('item')),
      tick('依次办（不勾选为同时办）', repeat.isSequential === true, (on) => modeling.updateModdleProperties(element, repeat, { isSequential: on })),
      ...completionFields(repeat.completionCondition?.body || '', choices.completions, (words) => { modeling.updateModdleProperties(element, repeat, { completionCondition: words ? formal(repeat, words) : undefined }); again(); }));
  }

  function article(element) {
    if (!is(element, ...BY_HAND, 'bpmn:ServiceTask', 'bpmn:BusinessRuleTask')) return null;
    return section('依据', text('方案的第几条', own(element, 'article'), setOwn(element, 'article'), { hint: '只写数字，如 14' }));
  }

  function automatic(element) {
    if (is(element, 'bpmn:ServiceTask')) {
      const meaning = choices.automatic.find((each) => each.value === own(element, 'handler'))?.meaning;
      const options = [{ value: '', label: '（请选择）' }, ...choices.automatic];
      return section('自动做什么', choice('处理程序', options, own(element, 'handler'), (value) => { setOwn(element, 'handler')(value); again(); }, { hint: meaning }),
        text('可能报出的错误代码', own(element, 'throws'), setOwn(element, 'throws'), { hint: '没有就不写' }));
    }
    if (is(element, 'bpmn:BusinessRuleTask')) {
      const options = [{ value: '', label: '（请选择）' }, ...choices.decisions];
      return section('按哪张表决定', choice('决策表', options, own(element, 'decision'), setOwn(element, 'decision')));
    }
    if (is(element, 'bpmn:CallActivity')) {
      const set = (value) => modeling.updateProperties(element, { calledElement: value || undefined });
      return section('调用哪个流程', choice('流程', [{ value: '', label: '（请选择）' }, ...choices.processes], element.businessObject.calledElement, set));
    }
    return null;
  }

  // -- flows and gateways

  function flow(element) {
    if (!is(element, 'bpmn:SequenceFlow')) return null;
    const bo = element.businessObject;
    const isDefault = bo.sourceRef?.default === bo;
    const parts = [];
    if (['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'].includes(bo.sourceRef?.$type)) {
      parts.push(tick('默认出线（别的条件都不符合时走这条）', isDefault, (on) => {
        modeling.updateProperties(element.source, { default: on ? bo : undefined });
        if (on && bo.conditionExpression) modeling.updateProperties(element, { conditionExpression: undefined });
        again();
      }));
    }
    if (!isDefault) {
      const set = (words) => modeling.updateProperties(element, { conditionExpression: words ? formal(bo, words) : undefined });
      parts.push(...conditionFields(bo, choices, set));
    }
    return section('什么时候走这条', ...parts);
  }

  function gateway(element) {
    if (!is(element, 'bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway')) return null;
    const flows = element.outgoing.filter((each) => each.type === 'bpmn:SequenceFlow');
    const options = flows.map((each) => ({ value: each.id, label: `${each.businessObject.name || ''} → ${each.target.businessObject.name || each.target.id}` }));
    const set = (id) => modeling.updateProperties(element, { default: flows.find((each) => each.id === id)?.businessObject });
    return section('出线', choice('默认出线', [{ value: '', label: '（请选择）' }, ...options], element.businessObject.default?.id, set, { hint: '别的条件都不符合时走的一条；其余各条在连线上填条件' }));
  }

  // -- events

  function event(element) {
    const definition = eventOf(element);
    if (!definition) return null;
    if (definition.$type === 'bpmn:TimerEventDefinition') {
      const written = definition.timeDate || definition.timeDuration;
      const set = (words, duration) => modeling.updateModdleProperties(element, definition, {
        timeDate: words && !duration ? formal(definition, words) : undefined,
        timeDuration: words && duration ? formal(definition, words) : undefined,
      });
      return section('等多久', ...timerFields(written?.body, Boolean(definition.timeDuration), choices, set, again));
    }
    if (definition.$type === 'bpmn:MessageEventDefinition') {
      return section('等什么消息', text('消息名称', definition.messageRef?.name, (name) => refer(element, definition, 'messageRef', 'bpmn:Message', { name })));
    }
    if (definition.$type === 'bpmn:ErrorEventDefinition') {
      return section('什么错误', text('错误代码', definition.errorRef?.errorCode, (code) => refer(element, definition, 'errorRef', 'bpmn:Error', { errorCode: code, name: code })));
    }
    return null;
  }

  // messages and errors stand at the top of the file and are shared by name
  function refer(element, definition, property, type, values) {
    const [[key, wanted]] = Object.entries(values);
    const definitions = modeler.getDefinitions();
    let target = definitions.rootElements.find((each) => each.$type === type && each[key] === wanted);
    if (wanted && !target) {
      target = factory.create(type, values);
      target.$parent = definitions;
      modeling.updateModdleProperties(element, definitions, { rootElements: [...definitions.rootElements, target] });
    }
    modeling.updateModdleProperties(element, definition, { [property]: wanted ? target : undefined });
  }

  function lane(element) {
    if (!is(element, 'bpmn:Lane')) return null;
    const options = [{ value: '', label: '（请选择）' }, ...choices.lanes.map((each) => ({ value: each, label: each }))];
    return section('泳道', choice('由谁办理', options, element.businessObject.name, (name) => modeling.updateProperties(element, { name })));
  }

  function render(element) {
    if (!element) return;
    element = element.labelTarget || element;
    shown = element;
    const root = element === canvas.getRootElement();
    const parts = [el('h2', { class: 'properties-of' }, el('span', { class: 'hint' }, root && is(element, 'bpmn:Process') ? '整个流程' : kindOf(element)), element.businessObject.name || ''),
      general(element), flow(element), gateway(element), event(element), lane(element), automatic(element), work(element),
      people(element), times(element), several(element), article(element), root ? null : identity(element)];
    const body = el('fieldset', { disabled: !editable }, ...parts.filter(Boolean));
    container.replaceChildren(body);
  }

  modeler.on('selection.changed', ({ newSelection }) => render(newSelection[0] || canvas.getRootElement()));
  modeler.on('root.set', ({ element }) => render(element));
  modeler.on('elements.changed', ({ elements }) => {
    const typing = container.contains(document.activeElement);
    if (shown && elements.includes(shown) && !typing) render(shown);
  });
  render(canvas.getRootElement());
}
