// A box of text is as high as what stands in it, up to what a screen holds: prefilled words are seen whole.
export const selector = 'textarea';

export function mount(area) {
  const grow = () => {
    if (!area.scrollHeight) return; // not shown yet
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
  };
  area.addEventListener('input', grow);
  area.addEventListener('focus', grow);
  window.addEventListener('resize', grow); // a phone turned on its side
  grow();
}
