// The tabs of a page that holds them all: the chosen one stands in the address, so that Back, a reload and a link sent to
// a colleague come to it. Without a script each tab leads to a page of its own.
import Tab from 'bootstrap/js/dist/tab';

export const selector = '[role="tablist"]';

const keyOf = (tab) => tab.dataset.bsTarget.replace('#pane-', '#tab-');

export function mount(list) {
  const tabs = [...list.querySelectorAll('[data-bs-target]')];
  const asked = () => tabs.find((tab) => keyOf(tab) === window.location.hash);
  let following = false; // the address came first, and is not written again

  const show = () => {
    const wanted = asked() || (window.location.hash === '' ? tabs[0] : null);
    if (!wanted || wanted.classList.contains('active')) return;
    following = true;
    Tab.getOrCreateInstance(wanted).show();
    following = false;
  };
  for (const tab of tabs) {
    tab.addEventListener('show.bs.tab', () => {
      if (following) return;
      const first = tab === tabs[0];
      window.history.pushState(null, '', first ? window.location.pathname + window.location.search : keyOf(tab));
    });
  }
  window.addEventListener('popstate', show);
  show();
}
