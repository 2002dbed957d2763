// Our own attributes, so that the modeler reads, copies and writes them like BPMN's (urn:sigeyipi:bpmn:1).
function attributes(...names) {
  return names.map((name) => ({ name, isAttr: true, type: 'String' }));
}

export default {
  name: 'Sigeyipi',
  uri: 'urn:sigeyipi:bpmn:1',
  prefix: 'sgyp',
  xml: { tagAlias: 'lowerCase' },
  associations: [],
  types: [
    {
      name: 'Step',
      extends: ['bpmn:FlowNode'],
      properties: attributes(
        ...['handler', 'form', 'fields', 'due', 'remind', 'article', 'role', 'signed', 'skippable', 'who', 'milestone'],
        ...['decision', 'throws'],
      ),
    },
    {
      name: 'Several',
      extends: ['bpmn:MultiInstanceLoopCharacteristics'],
      properties: attributes('collection', 'item', 'result'),
    },
  ],
};
