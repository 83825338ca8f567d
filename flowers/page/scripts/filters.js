// Which rows of the batch are shown. A label that is changed moves no row away under the hand.
const tests = {
  all: () => true,
  wrong: (row) => row.wrong,
  split: (row) => row.look === 'split',
  refused: (row) => row.look === 'none',
};
// Whether only this model reads a labelled photo right.
const onlyRight = (model) => ({right}) =>
  right?.[model] && Object.entries(right).every(([other, is]) => other === model || !is);

const buttons = () => [...element.querySelectorAll('[data-filter]')];
const only = () => element.querySelector('[data-only]');

const apply = (test, chosen) => {
  const [shown, all] = window.flowersBatch.filter(test);
  buttons().forEach((button) => button.setAttribute('aria-pressed', button.dataset.filter === chosen));
  if (only() && chosen !== 'only') only().value = '';
  const status = element.querySelector('[role=status]');
  const words = status.dataset.words.replace('{shown}', shown).replace('{all}', all);
  status.textContent = chosen === 'all' ? '' : words;
};

window.flowersFilters = {
  count: () => buttons().forEach((button) => {
    button.querySelector('b').textContent = window.flowersBatch.count(tests[button.dataset.filter]);
  }),
  // The photos of a cell of a confusion matrix, the first of them opened.
  cell: (model, label, reads) => {
    apply((row) => row.label === label && row.reads[model] === reads, 'cell');
    const [first] = window.flowersBatch.shownRows();
    if (first !== undefined) window.flowersOpened.open(first);
  },
};

watch('value', window.flowersFilters.count);
element.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-filter]')?.dataset.filter;
  if (chosen) apply(tests[chosen], chosen);
});
element.addEventListener('change', (event) => {
  if (event.target !== only()) return;
  if (only().value) apply(onlyRight(only().value), 'only');
  else apply(tests.all, 'all');
});
