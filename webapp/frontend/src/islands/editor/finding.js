// Brings an element into view, opening the phase it stands in.
export function show(modeler, element) {
  const canvas = modeler.get('canvas');
  const root = canvas.findRoot(element);
  if (root && root !== canvas.getRootElement()) canvas.setRootElement(root);
  if (element === root) return;
  canvas.scrollToElement(element, { top: 120, bottom: 120, left: 160, right: 120 });
  modeler.get('selection').select(element);
}
