// The class whose focus maps are shown; none for what each model answered.
element.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-focus]');
  if (chosen) trigger('select', {focus: chosen.dataset.focus});
});
