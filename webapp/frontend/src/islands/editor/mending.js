// What can be mended without guessing what was meant, as one step that can be undone.
function sequence(modeler, element) {
  return element.outgoing.filter((flow) => flow.type === 'bpmn:SequenceFlow');
}

const REMEDIES = {
  no_default(modeler, element) {
    const bare = sequence(modeler, element).filter((flow) => !flow.businessObject.conditionExpression);
    if (bare.length !== 1) return null;
    const name = bare[0].target.businessObject.name || bare[0].target.id;
    const set = () => modeler.get('modeling').updateProperties(element, { default: bare[0].businessObject });
    return { label: `把通往“${name}”的设为默认`, run: set };
  },
  default_condition(modeler, element) {
    return { label: '去掉这条的条件', run: () => modeler.get('modeling').updateProperties(element, { conditionExpression: undefined }) };
  },
  condition_ignored(modeler, element) {
    return { label: '去掉条件', run: () => modeler.get('modeling').updateProperties(element, { conditionExpression: undefined }) };
  },
  not_executable(modeler, element) {
    return { label: '设为可执行', run: () => modeler.get('modeling').updateProperties(element, { isExecutable: true }) };
  },
  untyped_task(modeler, element) {
    return { label: '改为人工环节', run: () => modeler.get('bpmnReplace').replaceElement(element, { type: 'bpmn:UserTask' }) };
  },
};
REMEDIES.bad_id = (modeler, element) => {
  const moddle = modeler.get('moddle');
  const run = () => modeler.get('modeling').updateProperties(element, { id: moddle.ids.nextPrefixed('step_', element.businessObject) });
  return { label: '换一个编号', run };
};
REMEDIES.reserved_id = REMEDIES.bad_id;
REMEDIES.dangling_flow = (modeler, element) => ({ label: '删去这条连线', run: () => modeler.get('modeling').removeElements([element]) });
REMEDIES.unused_attribute = (modeler, element, problem) => {
  const name = /sgyp:([a-z]+)/.exec(problem.message)?.[1];
  return name && { label: '删去这个设置', run: () => modeler.get('modeling').updateProperties(element, { [`sgyp:${name}`]: undefined }) };
};
REMEDIES.unknown_attribute = REMEDIES.unused_attribute;

export function remedyFor(modeler, problem, element) {
  const remedy = REMEDIES[problem.code];
  return (remedy && remedy(modeler, element, problem)) || null;
}
