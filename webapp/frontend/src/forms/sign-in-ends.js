// Two minutes before a sign-in ends the page says so, and one click goes on; what was typed is kept in any case.
//
// The server ends a sign-in that nobody used for a while (data-idle-seconds from now), and every one at last
// (data-left-seconds from now). A draft that is saved and a click that asks the server count as use.
const AHEAD = 120_000;
const SLACK = 60_000; // the server notes once a minute that a sign-in is in use
const LONGEST = 60_000; // a machine that slept looks again soon

export const selector = '[data-idle-seconds]';

export function mount(box) {
  const idle = Number(box.dataset.idleSeconds) * 1000 - SLACK;
  const last = Date.now() + Number(box.dataset.leftSeconds) * 1000;
  const on = box.querySelector('button');
  let unused = Date.now() + idle;
  let timer = null;

  const say = (what) => {
    for (const each of box.querySelectorAll('[data-when]')) each.hidden = each.dataset.when !== what;
    on.hidden = what !== 'idle';
    box.hidden = !what;
    if (what) box.setAttribute('role', 'alert');
    else box.removeAttribute('role');
  };
  function look() {
    clearTimeout(timer);
    const now = Date.now();
    const first = Math.min(unused, last);
    if (now < first - AHEAD) say('');
    else if (now >= first) return say('over');
    else say(last <= unused ? 'last' : 'idle');
    timer = setTimeout(look, Math.min(LONGEST, now < first - AHEAD ? first - AHEAD - now : first - now));
  }
  function used() {
    unused = Date.now() + idle;
    look();
  }
  on.addEventListener('click', async () => {
    const answer = await fetch(box.dataset.go, { method: 'HEAD', redirect: 'manual' }).catch(() => null);
    if (answer?.ok) used();
    else if (answer) say('over');
  });
  document.addEventListener('sign-in-used', used);
  document.addEventListener('htmx:afterOnLoad', (event) => {
    if (event.target.closest?.('[data-asks-alone]')) return; // an open page that asks for its numbers is nobody at work
    if (event.detail.xhr.status < 400) used();
  });
  document.addEventListener('visibilitychange', look);
  look();
}
