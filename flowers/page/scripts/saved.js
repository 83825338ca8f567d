// The labels that count, as Python says after each change; the table shows them at its rows.
watch('value', () => {
  const found = element.querySelector('[data-labels]');
  if (found) window.flowersBatch.saved(JSON.parse(found.dataset.labels));
});
