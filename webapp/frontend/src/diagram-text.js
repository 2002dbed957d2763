// The lettering of diagrams, in the diagram's own units. Diagrams are drawn for this size (tests/bpmn/drawing.py
// measures them with it), so that lines break alike on every screen; fitted to a 1366-pixel page it is at least 11 px.
export const SIZE = 14;

export const FONT =
  '"Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", sans-serif';
