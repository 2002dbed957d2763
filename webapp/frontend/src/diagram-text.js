// The size of a diagram's lettering, in the diagram's own units.
//
// A diagram is fitted to the width of its page, so wide diagrams shrink. Labels shall still be 11 px high on a
// 1366-pixel page with the menu open, where the picture is PAGE_WIDTH wide: the widest plane decides for all, because
// bpmn-js has one size per diagram. The size depends on the diagram alone, so lines break alike on every screen.
const PAGE_WIDTH = 1080;
const WANTED_PX = 11.5;
const SMALLEST = 12;
const LARGEST = 18;

export const FONT =
  '"Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", sans-serif';

function widthOf(plane) {
  const bounds = [...plane.getElementsByTagNameNS('*', 'Bounds')].map((box) => [
    Number(box.getAttribute('x')),
    Number(box.getAttribute('x')) + Number(box.getAttribute('width')),
  ]);
  const turns = [...plane.getElementsByTagNameNS('*', 'waypoint')].map((point) => Number(point.getAttribute('x')));
  const lefts = [...bounds.map(([left]) => left), ...turns];
  const rights = [...bounds.map(([, right]) => right), ...turns];
  return lefts.length ? Math.max(...rights) - Math.min(...lefts) : 0;
}

export function letteringSize(xml) {
  const source = new DOMParser().parseFromString(xml, 'text/xml');
  const widest = Math.max(0, ...[...source.getElementsByTagNameNS('*', 'BPMNPlane')].map(widthOf));
  const wanted = Math.ceil((WANTED_PX * widest) / PAGE_WIDTH);
  return Math.min(LARGEST, Math.max(SMALLEST, wanted));
}
