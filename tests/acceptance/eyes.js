// What a page must not show at any width; answers one sentence per finding. Run in the page by people.py.
(allowed) => {
  const findings = [];
  const words = new Set(allowed);
  const root = document.documentElement;
  const seen = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) && !element.closest('.visually-hidden, .visually-hidden-focusable, script, style, noscript');
  const short = (text) => text.replace(/\s+/g, ' ').trim().slice(0, 60);

  if (root.scrollWidth > root.clientWidth) findings.push(`横向滚动 ${root.scrollWidth} > ${root.clientWidth}`);

  const said = [document.title];
  const texts = []; // [rectangle, element, text] of every piece of text that is seen
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || !seen(parent)) continue;
    said.push(node.data);
    if (parent.closest('svg, .diagram, select, option')) continue; // the diagram has a measure of its own
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) if (box.width > 1 && box.height > 1) texts.push([box, parent, node.data]);
  }
  for (const element of document.querySelectorAll('[placeholder], [title], [aria-label]')) {
    if (seen(element) && !element.closest('.bjs-powered-by')) said.push(element.placeholder || '', element.title || '', element.getAttribute('aria-label') || '');
  }
  for (const text of said) {
    for (const word of text.match(/[A-Za-z_]{2,}/g) || []) if (!words.has(word)) findings.push(`没有译成中文：${word}（${short(text)}）`);
  }

  for (const element of document.querySelectorAll('body *')) {
    if (!seen(element) || element.closest('svg, .diagram')) continue;
    const style = getComputedStyle(element);
    const hides = style.overflowX === 'hidden' || style.overflowX === 'clip';
    if (hides && !element.closest('.diff-picture') && element.scrollWidth > element.clientWidth + 1 && style.textOverflow !== 'ellipsis') findings.push(`被裁切：${short(element.textContent)}`);
    // a box as high as the style sheet lets it be (70 % of the screen) is meant to be scrolled
    const full = element.clientHeight >= window.innerHeight * 0.69;
    if (element.matches('textarea') && !full && element.scrollHeight > element.clientHeight + 4) findings.push(`文本框被裁切：${element.name}`);
    if (element.matches('select') && element.selectedOptions.length) {
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = style.font;
      const room = element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      const asked = pen.measureText(element.selectedOptions[0].text).width;
      if (asked > room + 2 && element.clientWidth < root.clientWidth * 0.6) findings.push(`下拉框被裁切：${element.selectedOptions[0].text}`);
    }
    const box = element.getBoundingClientRect();
    if (element.matches('.btn, .pill, a, input, select, textarea') && box.width && box.right > root.clientWidth + 1 && !element.closest('.table-responsive, .offcanvas, .offcanvas-md, .diagram-scroll')) {
      findings.push(`伸出页面：${short(element.textContent || element.name)}`);
    }
  }

  const lies = (element) => element.closest('.actbar, .top, .side, .offcanvas'); // fixed parts lie over the page
  const flat = texts.filter(([, element]) => !lies(element)).sort((one, other) => one[0].top - other[0].top);
  flat.forEach(([box, element, text], index) => {
    for (let next = index + 1; next < flat.length && flat[next][0].top < box.bottom - 3; next += 1) {
      const [other, neighbour, second] = flat[next];
      if (neighbour === element) continue;
      const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const down = Math.min(box.bottom, other.bottom) - other.top;
      if (across > 3 && down > 5) findings.push(`重叠：${short(text)} / ${short(second)}`);
    }
  });
  return [...new Set(findings)];
}
