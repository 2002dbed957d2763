// The editor of a form: sections and fields, saved by itself, previewed as it will be filled in.
//
// Fields that a version already has are never deleted and keep their type: they are retired.
import '../css/form-editor.css';
import { el } from './editor/dom.js';
import { text } from './editor/fields.js';
import { conditionFields, fieldCard } from './form-editor/field.js';
import { formSaving } from './form-editor/saving.js';

export async function mount(host) {
  const form = JSON.parse(host.dataset.definition);
  const known = JSON.parse(host.dataset.known);
  const editable = host.dataset.editable === 'true';
  const body = el('fieldset', { disabled: !editable });
  host.append(body);
  const changed = formSaving(host, () => JSON.stringify(form, null, 1));
  const fields = () => form.sections.flatMap((section) => section.fields);
  const state = { form, known, fields, opened: new Set(), changed, redraw };

  function freshName() {
    const taken = new Set(fields().map((each) => each.name));
    let number = 1;
    while (taken.has(`f${number}`)) number += 1;
    return `f${number}`;
  }

  function add(section) {
    const field = { name: freshName(), label: '新字段', type: 'text', width: 6 };
    section.fields.push(field);
    state.opened.add(field.name);
    redraw();
    changed();
    body.querySelector(`[data-field="${field.name}"] input`)?.select();
  }

  function sectionCard(section, number) {
    const heading = text('分组的标题', section.title, (value) => { section.title = value; changed(); });
    const adding = el('button', { type: 'button', class: 'btn btn-sm btn-outline-primary' }, '加一个字段');
    adding.addEventListener('click', () => add(section));
    const removing = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '去掉空的分组');
    removing.addEventListener('click', () => { form.sections.splice(number, 1); redraw(); changed(); });
    const empty = !section.fields.length && form.sections.length > 1;
    const move = (label, by) => {
      const button = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary', disabled: !form.sections[number + by] }, label);
      button.addEventListener('click', () => { form.sections.splice(number, 1); form.sections.splice(number + by, 0, section); redraw(); changed(); });
      return button;
    };
    const places = form.sections.length > 1 ? [move('上移分组', -1), move('下移分组', 1)] : [];
    return el('section', { class: 'form-section' }, heading, ...conditionFields(state, section), ...section.fields.map((field, place) => fieldCard(state, section, field, place)),
      el('div', { class: 'd-flex flex-wrap gap-2' }, adding, ...places, empty ? removing : null));
  }

  function redraw() {
    const another = el('button', { type: 'button', class: 'btn btn-sm btn-outline-secondary' }, '加一个分组');
    another.addEventListener('click', () => { form.sections.push({ title: '新分组', fields: [] }); redraw(); changed(); });
    body.replaceChildren(
      text('表单的名称', form.title, (value) => { form.title = value; changed(); }),
      text('填写说明', form.intro, (value) => { if (value) form.intro = value; else delete form.intro; changed(); }, { rows: 2 }),
      text('依据方案第几条', form.article, (value) => { form.article = value; changed(); }),
      ...form.sections.map(sectionCard), another);
  }

  const frame = document.querySelector('.preview-frame');
  for (const button of document.querySelectorAll('[data-width]')) {
    button.addEventListener('click', () => {
      frame.classList.toggle('is-phone', button.dataset.width === 'phone');
      for (const each of document.querySelectorAll('[data-width]')) each.classList.toggle('active', each === button);
    });
  }
  redraw();
}

