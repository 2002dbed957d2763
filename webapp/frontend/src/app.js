// The one script of every page: styles, the parts of Bootstrap we use, htmx, and what mounts on elements.
//
// A new island is one file in islands/ (loaded only where data-island names it, `mount(element)`);
// what every form may need is one file in forms/ (always loaded, `selector` and `mount(element)`).
import 'bootstrap/dist/css/bootstrap.min.css';
import 'bootstrap/js/dist/collapse';
import 'bootstrap/js/dist/dropdown';
import 'bootstrap/js/dist/modal';
import 'bootstrap/js/dist/offcanvas';
import 'bootstrap/js/dist/tab';
import htmx from 'htmx.org';
import './css/house.css';
import './css/forms.css';
import './css/fitting.css';
import './css/boards.css';
import './css/clerk.css';
import './css/meetings.css';
import './css/phone.css';
import './css/papers.css';
import './css/publicity.css';
import './css/help.css';
import './css/print.css';
import './keys.js';

const islands = import.meta.glob('./islands/*.js');
const behaviours = Object.values(import.meta.glob('./forms/*.js', { eager: true }));

// the content security policy refuses inline script and eval; a refused form (409, 422) is a page to be shown
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.responseHandling = [
  { code: '204', swap: false },
  { code: '[23]..', swap: true },
  { code: '4(?:09|22)', swap: true },
  { code: '[45]..', swap: false, error: true },
];
window.htmx = htmx;

function within(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  return root.matches && root.matches(selector) ? [root, ...found] : found;
}

function once(element, name) {
  const mounted = (element.dataset.mounted || '').split(' ').filter(Boolean);
  if (mounted.includes(name)) return false;
  element.dataset.mounted = [...mounted, name].join(' ');
  return true;
}

async function mountIsland(element) {
  const load = islands[`./islands/${element.dataset.island}.js`];
  try {
    const island = await load();
    await island.mount(element);
    element.dataset.ready = '1';
  } catch (problem) {
    element.dataset.failed = String(problem);
    element.insertAdjacentHTML('beforeend', '<p class="errtxt">此处内容没有加载成功，请刷新页面后再试。</p>');
    console.error(problem);
  }
}

function mountAll(root) {
  for (const behaviour of behaviours) {
    for (const element of within(root, behaviour.selector)) {
      if (once(element, behaviour.selector)) behaviour.mount(element);
    }
  }
  for (const element of within(root, '[data-island]')) {
    if (once(element, element.dataset.island)) mountIsland(element);
  }
}

document.addEventListener('htmx:load', (event) => mountAll(event.target));
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', () => mountAll(document));
else mountAll(document);
