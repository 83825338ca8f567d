// The table of a batch: rows open their photo, and a picked label marks the row at once; the event
// tells Python, which scores the models anew.
const rows = () => [...element.querySelectorAll('tr[data-row]')];
const numberOf = (row) => Number(row.dataset.row);
const rowOf = (number) => rows().find((row) => numberOf(row) === number);
const selectOf = (row) => row?.querySelector('select');
const signOf = (row) => row.querySelector('.saved');

// What filters ask of a row; `right` is null for a photo without a label.
const factsOf = (row) => {
  const select = selectOf(row);
  const chosen = select?.value ? select.selectedOptions[0] : null;
  const cells = [...row.querySelectorAll('td[data-reads]')];
  const by = (value) => Object.fromEntries(cells.map((cell) => [cell.dataset.model, value(cell)]));
  const {look, consensus} = row.dataset;
  return {
    look,
    label: chosen?.value,
    wrong: chosen && look !== 'split' && consensus !== chosen.value,
    right: chosen && by((cell) => isRight(cell, chosen)),
    reads: by((cell) => cell.dataset.reads),
  };
};

const isRight = (cell, option) =>
  option.hasAttribute('data-none') ? 'refused' in cell.dataset : cell.dataset.reads === option.value;

// 1 to 9 are the classes in order, 0 is none of these.
const optionOf = (select, key) => {
  if (key === '0') return select.querySelector('option[data-none]');
  const option = /^[1-9]$/.test(key) ? select.options[Number(key)] : null;
  return option?.hasAttribute('data-none') ? null : option;
};
const choose = (select, option) => {
  if (!option) return;
  option.selected = true;
  select.dispatchEvent(new Event('change', {bubbles: true}));
};

window.flowersBatch = {
  shownRows: () => rows().filter((row) => !row.hidden).map(numberOf),
  count: (test) => rows().filter((row) => test(factsOf(row))).length,
  // Shows the rows that pass the test; returns how many do, and of how many.
  filter: (test) => {
    for (const row of rows()) row.hidden = !test(factsOf(row));
    return [window.flowersBatch.shownRows().length, rows().length];
  },
  toRow: (number) => {
    const row = rowOf(number);
    row?.querySelector('button[data-open]')?.focus();
    row?.scrollIntoView({block: 'nearest'});
  },
  label: (number) => {
    const row = rowOf(number);
    return {value: selectOf(row)?.value, sign: row && signOf(row)?.textContent};
  },
  setLabel: (number, value) => {
    const select = selectOf(rowOf(number));
    if (select) choose(select, [...select.options].find((option) => option.value === value));
  },
  setLabelByKey: (number, key) => {
    const select = selectOf(rowOf(number));
    if (select) choose(select, optionOf(select, key));
  },
  // All labels that Python knows: a row whose label is among them is saved.
  saved: (labels) => {
    for (const row of rows()) {
      if (signOf(row)?.textContent === 'saving…' && selectOf(row).value === labels[numberOf(row)]) {
        signOf(row).textContent = 'saved';
      }
    }
    window.flowersOpened.showLabel();
  },
};

element.addEventListener('click', (event) => {
  const row = event.target.closest('tr[data-row]');
  if (row && !event.target.closest('select')) window.flowersOpened.open(numberOf(row));
});

element.addEventListener('keydown', (event) => {
  const row = event.target.closest('button[data-open]')?.closest('tr[data-row]');
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (by) {
    const shown = window.flowersBatch.shownRows();
    const next = shown[shown.indexOf(numberOf(row)) + by];
    if (next !== undefined) window.flowersBatch.toRow(next);
    event.preventDefault();
  } else window.flowersBatch.setLabelByKey(numberOf(row), event.key);
});

element.addEventListener('change', (event) => {
  const select = event.target.closest('select[data-row]');
  if (!select) return;
  const row = select.closest('tr');
  const chosen = select.value ? select.selectedOptions[0] : null;
  row.querySelectorAll('td[data-reads]').forEach((cell) => {
    // Where there is no label, the consensus counts, and nobody is right.
    const fits = chosen ? isRight(cell, chosen) : cell.dataset.reads === row.dataset.nearest;
    cell.classList.toggle('wrong', !fits);
    cell.classList.toggle('right', fits && chosen !== null);
  });
  signOf(row).textContent = 'saving…';
  window.flowersFilters.count();
  window.flowersOpened.showLabel();
  trigger('input', {row: Number(select.dataset.row), label: select.value});
});

watch('value', () => window.flowersFilters?.count());
