// What a step may do with each field of its form, written on the step as “name:permission name:permission”.
import { el } from './dom.js';
import { choice } from './fields.js';

export function readPermissions(written) {
  return (written || '').split(/\s+/).filter(Boolean).map((part) => part.split(':'));
}

function writePermissions(pairs) {
  return pairs.map(([name, permission]) => `${name}:${permission}`).join(' ');
}

// `form` is an entry of the catalogue; a permission for a field that is gone stays until it is taken away here
export function permissionFields(form, written, permissions, set) {
  let pairs = readPermissions(written);
  const gone = pairs.filter(([name]) => !form.fields.some((each) => each.value === name)).map(([name]) => ({ value: name, label: name }));
  const rows = [...form.fields, ...gone].map((field) => {
    const now = (pairs.find(([name]) => name === field.value) || [])[1];
    const allowed = field.silent ? permissions.filter((each) => each.value === 'hidden') : permissions;
    const usual = { value: '', label: field.silent ? '显示' : field.required ? '按表单（必填）' : '按表单（可填）' };
    return choice(field.label, [usual, ...allowed], now, (value) => {
      pairs = [...pairs.filter(([name]) => name !== field.value), ...(value ? [[field.value, value]] : [])];
      set(writePermissions(pairs));
    });
  });
  const count = pairs.length ? `（${pairs.length} 个另有规定）` : '';
  return el('details', { class: 'property', open: pairs.length > 0 }, el('summary', { class: 'form-label' }, `字段权限${count}`),
    el('div', { class: 'hint' }, '这一步里各字段可填、必填、只读还是隐藏；不选的按表单。同一张表单用在几个环节时，前一步填的后一步可以只读。'), ...rows);
}
