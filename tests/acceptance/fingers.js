// What a finger must hit on a phone and is lower than 44 pixels; links within sentences are none of these, nor what lies
// on a diagram, which is made larger with two fingers and stands below as a table.
() => {
  const least = 43.5; // half a pixel is lost to rounding
  const seen = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !element.closest('.visually-hidden, .visually-hidden-focusable, svg, .diagram, .djs-container, .bjs-container');
  const pressed = 'button, summary, .btn, .nav-link, a.pill, select, textarea, input:not([type="hidden"]):not([type="file"])';
  const height = (element) => element.getBoundingClientRect().height;
  const findings = [];
  for (const element of document.querySelectorAll(pressed)) {
    if (!seen(element) || element.disabled) continue;
    const boxed = element.matches('[type="checkbox"], [type="radio"]'); // its words are pressed too
    const own = boxed ? [element.closest('label, .pick-box'), ...(element.labels || [])] : [element];
    const highest = Math.max(...own.filter((each) => each && seen(each)).map(height), boxed ? height(element) : 0);
    if (highest && highest < least) findings.push(`${Math.round(highest)} 像素：${element.outerHTML.slice(0, 140)}`);
  }
  return [...new Set(findings)];
}
