// The process map: how many cases stand at each step, the hotter the darker; a step is a link to the projects there.
//
// <div data-island="heat" data-xml="URL" data-state-url="URL"></div>; the state is
// {"legend": [[level, words]], "steps": {id: {"level": 0–4, "text": "46 个", "late": "超期 3 个" | "", "words": "…", "url": "…"}}}.
import { drawDiagram, elementOf, read } from '../diagram.js';
import '../css/heat.css';

function note(className, text, title) {
  const shown = elementOf('div', `heat-note ${className}`, text);
  shown.title = title;
  return shown;
}

function mark(viewer, steps) {
  const canvas = viewer.get('canvas');
  const overlays = viewer.get('overlays');
  const known = viewer.get('elementRegistry');
  const fixed = { min: 1, max: 1 };
  for (const [id, step] of Object.entries(steps)) {
    if (!known.get(id)) continue;
    canvas.addMarker(id, `heat-${step.level}`);
    if (step.text) overlays.add(id, 'figure', { position: { top: -12, left: -8 }, html: note('heat-count', step.text, step.words), scale: fixed });
    if (step.late) overlays.add(id, 'figure', { position: { bottom: 10, left: -8 }, html: note('heat-late', step.late, step.words), scale: fixed });
  }
}

export async function mount(host) {
  const [xml, state] = await Promise.all([
    read(host.dataset.xml).then((answer) => answer.text()),
    read(host.dataset.stateUrl).then((answer) => answer.json()),
  ]);
  await drawDiagram(host, xml, {
    legend: state.legend.map(([level, words]) => [`heat-${level}`, words]),
    mark: (viewer) => mark(viewer, state.steps),
    describe: ({ id, businessObject }) => [businessObject.name || id, state.steps[id]?.words || '没有项目'].join('，'),
    choose: ({ id }) => { if (state.steps[id]?.url) window.location.assign(state.steps[id].url); },
  });
}
