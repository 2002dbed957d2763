// Only what the engine runs can be drawn: our palette, our context pad, and a replace menu with the rest left out.
const REPLACE = new Set([
  ...['user-task', 'manual-task', 'service-task', 'rule-task', 'call-activity'],
  ...['collapsed-subprocess', 'expanded-subprocess', 'subprocess'],
  ...['exclusive-gateway', 'parallel-gateway', 'inclusive-gateway', 'event-based-gateway'],
  ...['none-start', 'none-end', 'terminate-end', 'error-end'],
  ...['timer-intermediate-catch', 'message-intermediate-catch'],
  ...['timer-boundary', 'message-boundary', 'error-boundary'],
  ...['non-interrupting-timer-boundary', 'non-interrupting-message-boundary'],
  ...['sequence-flow', 'default-flow'],
].map((name) => `replace-with-${name}`));
const HEADER = new Set(['toggle-parallel-mi', 'toggle-sequential-mi', 'toggle-non-interrupting']);
const PAD = new Set([
  ...['append.end-event', 'append.gateway', 'append.append-task', 'append.intermediate-event', 'append.text-annotation'],
  ...['append.message-intermediate-event', 'append.timer-intermediate-event'],
  ...['replace', 'connect', 'delete', 'align-elements', 'distribute-elements'],
  ...['lane-insert-above', 'lane-insert-below', 'lane-divide-two', 'lane-divide-three'],
]);
const LATE = 500; // our word is the last: it takes out of what the modeler's own providers put in

function kept(entries, allowed) {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => allowed.has(name)));
}

class Palette {
  constructor(palette, create, elementFactory, spaceTool, lassoTool, handTool, globalConnect, translate) {
    this.tools = { create, elementFactory, spaceTool, lassoTool, handTool, globalConnect };
    this.translate = translate;
    palette.registerProvider(this);
  }

  shape(group, icon, title, attributes) {
    const { create, elementFactory } = this.tools;
    const begin = (event) => create.start(event, elementFactory.createShape(attributes));
    return { group, className: icon, title: this.translate(title), action: { dragstart: begin, click: begin } };
  }

  phase() {
    const { create, elementFactory } = this.tools;
    const begin = (event) => {
      const phase = elementFactory.createShape({ type: 'bpmn:SubProcess', x: 0, y: 0, isExpanded: true });
      const start = elementFactory.createShape({ type: 'bpmn:StartEvent', x: 40, y: 82, parent: phase });
      create.start(event, [phase, start], { hints: { autoSelect: [phase] } });
    };
    const title = this.translate('Create expanded sub-process');
    return { group: 'step', className: 'bpmn-icon-subprocess-expanded', title, action: { dragstart: begin, click: begin } };
  }

  tool(icon, title, begin) {
    return { group: 'tools', className: icon, title: this.translate(title), action: { click: begin } };
  }

  getPaletteEntries() {
    const { spaceTool, lassoTool, handTool, globalConnect } = this.tools;
    const waits = { type: 'bpmn:IntermediateCatchEvent', eventDefinitionType: 'bpmn:TimerEventDefinition' };
    return {
      hand: this.tool('bpmn-icon-hand-tool', 'Activate hand tool', (event) => handTool.activateHand(event)),
      lasso: this.tool('bpmn-icon-lasso-tool', 'Activate lasso tool', (event) => lassoTool.activateSelection(event)),
      space: this.tool('bpmn-icon-space-tool', 'Activate create/remove space tool', (event) => spaceTool.activateSelection(event)),
      connect: this.tool('bpmn-icon-connection-multi', 'Activate global connect tool', (event) => globalConnect.start(event)),
      line: { group: 'tools', separator: true },
      start: this.shape('step', 'bpmn-icon-start-event-none', 'Create start event', { type: 'bpmn:StartEvent' }),
      end: this.shape('step', 'bpmn-icon-end-event-none', 'Create end event', { type: 'bpmn:EndEvent' }),
      task: this.shape('step', 'bpmn-icon-user-task', 'Create task', { type: 'bpmn:UserTask' }),
      service: this.shape('step', 'bpmn-icon-service-task', 'Service task', { type: 'bpmn:ServiceTask' }),
      gateway: this.shape('step', 'bpmn-icon-gateway-xor', 'Create gateway', { type: 'bpmn:ExclusiveGateway' }),
      timer: this.shape('step', 'bpmn-icon-intermediate-event-catch-timer', 'Create intermediate/boundary event', waits),
      phase: this.phase(),
    };
  }
}
Palette.$inject = ['palette', 'create', 'elementFactory', 'spaceTool', 'lassoTool', 'handTool', 'globalConnect', 'translate'];

class Filter {
  constructor(popupMenu, contextPad, autoPlace, create, elementFactory) {
    this.tools = { autoPlace, create, elementFactory };
    popupMenu.registerProvider('bpmn-replace', LATE, this);
    contextPad.registerProvider(LATE, this);
  }

  getPopupMenuEntries() {
    return (entries) => kept(entries, REPLACE);
  }

  getPopupMenuHeaderEntries() {
    return (entries) => kept(entries, HEADER);
  }

  getContextPadEntries() {
    return (entries) => this.typed(kept(entries, PAD));
  }

  getMultiElementContextPadEntries() {
    return (entries) => kept(entries, PAD);
  }

  // what is appended has a type from the start: an untyped task or an empty event would be a problem at once
  typed(entries) {
    const waits = { type: 'bpmn:IntermediateCatchEvent', eventDefinitionType: 'bpmn:TimerEventDefinition' };
    const given = { 'append.append-task': { type: 'bpmn:UserTask' }, 'append.intermediate-event': waits };
    for (const [name, attributes] of Object.entries(given)) {
      if (entries[name]) entries[name] = { ...entries[name], action: this.appending(attributes) };
    }
    return entries;
  }

  appending(attributes) {
    const { autoPlace, create, elementFactory } = this.tools;
    return {
      click: (_event, element) => autoPlace.append(element, elementFactory.createShape(attributes)),
      dragstart: (event, element) => create.start(event, elementFactory.createShape(attributes), { source: element }),
    };
  }
}
Filter.$inject = ['popupMenu', 'contextPad', 'autoPlace', 'create', 'elementFactory'];

export default {
  __init__: ['paletteProvider', 'subset'],
  paletteProvider: ['type', Palette],
  subset: ['type', Filter],
};
