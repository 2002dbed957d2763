// 常用意见: a form with data-phrases (a JSON list of sentences) offers them below each of its large boxes, tables aside.
// A chosen sentence goes to where the cursor stands. data-phrases-url is the page on which they are kept.
export const selector = 'form[data-phrases]';

function put(area, sentence) {
  const [start, end] = [area.selectionStart, area.selectionEnd];
  const room = area.maxLength > 0 ? area.maxLength - (area.value.length - (end - start)) : sentence.length;
  area.setRangeText(sentence.slice(0, Math.max(room, 0)), start, end, 'end');
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
}

function offer(area, sentences, address) {
  const offered = document.createElement('details');
  offered.className = 'phrases-offer no-print';
  const head = document.createElement('summary');
  head.textContent = '常用意见';
  const list = document.createElement('div');
  list.className = 'phrases';
  for (const sentence of sentences) {
    const choice = document.createElement('button');
    choice.type = 'button';
    choice.className = 'btn btn-sm btn-outline-secondary';
    choice.textContent = sentence;
    choice.addEventListener('click', () => {
      put(area, sentence);
      offered.open = false;
    });
    list.append(choice);
  }
  const own = document.createElement('a');
  own.className = 'small align-self-center';
  own.href = address;
  own.target = '_blank';
  own.rel = 'noopener';
  own.textContent = '增改';
  list.append(own);
  offered.append(head, list);
  area.after(offered);
}

export function mount(form) {
  const sentences = JSON.parse(form.dataset.phrases);
  for (const area of form.querySelectorAll('textarea')) {
    if (!area.closest('table')) offer(area, sentences, form.dataset.phrasesUrl);
  }
}
