// A box with data-mentions: after “@” the people of [data-mention-list] in the same form are offered by what follows.
export const selector = 'textarea[data-mentions]';
const MOST = 6;

export function mount(area) {
  const people = [...area.form.querySelectorAll('[data-mention-list] [data-name]')].map((box) => ({
    name: box.dataset.name,
    words: area.form.querySelector(`label[for="${box.id}"]`).textContent.trim(),
  }));
  if (!people.length) return;
  const list = document.createElement('div');
  list.className = 'phrases';
  list.hidden = true;
  list.setAttribute('role', 'group');
  list.setAttribute('aria-label', '可以提醒的人');
  area.after(list);
  const begun = () => /@([^@\s]{0,12})$/.exec(area.value.slice(0, area.selectionStart));
  const choose = (name) => {
    const end = area.selectionStart;
    area.setRangeText(`@${name} `, end - begun()[0].length, end, 'end');
    list.hidden = true;
    area.focus();
  };
  area.addEventListener('input', () => {
    const found = begun();
    const fitting = found ? people.filter((person) => person.words.includes(found[1])).slice(0, MOST) : [];
    list.hidden = !fitting.length;
    list.replaceChildren(
      ...fitting.map((person) => {
        const choice = document.createElement('button');
        choice.type = 'button';
        choice.className = 'btn btn-sm btn-outline-secondary';
        choice.textContent = person.words;
        choice.addEventListener('click', () => choose(person.name));
        return choice;
      }),
    );
  });
}
