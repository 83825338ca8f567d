// An example is chosen; it stands in the address from then on.
element.addEventListener('click', (event) => {
  const example = event.target.closest('[data-example]')?.dataset.example;
  if (!example) return;
  window.flowersAddress.write({example}, {push: true, state: {}});
  trigger('select', {example});
  window.flowersAddress.toVerdict();
});
