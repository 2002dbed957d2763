// What an element is called in this house.
const KINDS = {
  'bpmn:UserTask': '人工环节', 'bpmn:ManualTask': '线下环节', 'bpmn:Task': '未定类型的环节',
  'bpmn:ServiceTask': '系统环节', 'bpmn:BusinessRuleTask': '决策环节', 'bpmn:CallActivity': '调用流程',
  'bpmn:SubProcess': '阶段', 'bpmn:ExclusiveGateway': '排他网关', 'bpmn:ParallelGateway': '并行网关',
  'bpmn:InclusiveGateway': '包容网关', 'bpmn:EventBasedGateway': '事件网关', 'bpmn:StartEvent': '开始',
  'bpmn:EndEvent': '结束', 'bpmn:IntermediateCatchEvent': '等待', 'bpmn:IntermediateThrowEvent': '中间事件',
  'bpmn:BoundaryEvent': '边界事件', 'bpmn:SequenceFlow': '连线', 'bpmn:Lane': '泳道', 'bpmn:TextAnnotation': '注释',
  'bpmn:Process': '流程', 'bpmn:Association': '注释的连线',
};

export function kindOf(element) {
  return KINDS[element.businessObject.$type] || element.businessObject.$type.replace('bpmn:', '');
}
