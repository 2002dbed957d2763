// Where the browser itself says what is missing it says so in Chinese, whatever language the machine speaks.
export const selector = 'form:not([novalidate])';

const KINDS = { file: '请选择文件', checkbox: '请先勾选', radio: '请选择一项', 'select-one': '请选择一项', date: '请填写日期' };

function words(box) {
  const { valueMissing, typeMismatch, badInput, rangeUnderflow, rangeOverflow } = box.validity;
  if (valueMissing) return KINDS[box.type] || '请填写此项';
  if (typeMismatch && box.type === 'url') return '请填写完整的网址，以 https:// 开头';
  if (badInput) return '填写的内容读不出来，请改正';
  if (rangeUnderflow) return `不能早于或小于 ${box.min}`;
  if (rangeOverflow) return `不能晚于或大于 ${box.max}`;
  return '填写的内容不符合要求，请改正';
}

export function mount(form) {
  form.addEventListener(
    'invalid',
    (event) => {
      const box = event.target;
      box.setCustomValidity(''); // what was said before is no fault by itself
      if (!box.validity.valid) box.setCustomValidity(words(box));
    },
    true, // it does not bubble
  );
  const forget = (event) => event.target.setCustomValidity?.('');
  form.addEventListener('input', forget);
  form.addEventListener('change', forget);
}
