// A file field in Chinese: the browser's own words follow the language of the machine, not of the page.
// The field itself lies transparently over the row, so that clicks, the keyboard and dropping files stay the browser's.
export const selector = 'input[type="file"]';

function size(file) {
  return file.size < 1024 * 1024 ? `${Math.ceil(file.size / 1024)} KB` : `${(file.size / 1024 / 1024).toFixed(1)} MB`;
}

export function mount(input) {
  const row = document.createElement('div');
  row.className = `file-field form-control${input.classList.contains('is-invalid') ? ' is-invalid' : ''}`;
  const word = document.createElement('span');
  word.className = 'file-word';
  word.textContent = input.dataset.word || '选择文件'; // a camera says 拍照
  const names = document.createElement('span');
  names.className = 'file-names';
  input.replaceWith(row);
  row.append(input, word, names);
  const show = () => {
    names.textContent = [...input.files].map((file) => `${file.name}（${size(file)}）`).join('、') || '未选择文件';
  };
  input.addEventListener('change', show);
  input.form?.addEventListener('reset', () => setTimeout(show));
  show();
}
