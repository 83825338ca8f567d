// A cell of the confusion matrix opens the photos that it counts.
element.addEventListener('click', (event) => {
  const cell = event.target.closest('button[data-reads]');
  if (!cell) return;
  const {model} = cell.closest('table').dataset;
  window.flowersFilters.cell(model, cell.dataset.label, cell.dataset.reads);
});
