// `/` goes to the search field, Esc leaves it.
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, textarea, select, [contenteditable]');
  const search = document.querySelector('[data-search], input[type="search"]');
  if (event.key === '/' && !typing && search) {
    event.preventDefault();
    search.focus();
  } else if (event.key === 'Escape' && search && event.target === search) {
    search.blur();
  }
});
