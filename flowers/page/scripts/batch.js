// The table of a batch: rows open their photo, and a picked label marks the row at once; the event
// tells Python, which scores the models anew.
const rows = () => [...element.querySelectorAll('tr[data-row]')];
const numberOf = (row) => Number(row.dataset.row);

window.flowersBatch = {
  shownRows: () => rows().filter((row) => !row.hidden).map(numberOf),
  toRow: (number) => {
    const row = rows().find((one) => numberOf(one) === number);
    row?.querySelector('button[data-open]')?.focus();
    row?.scrollIntoView({block: 'nearest'});
  },
};

element.addEventListener('click', (event) => {
  const row = event.target.closest('tr[data-row]');
  if (row && !event.target.closest('select')) window.flowersOpened.open(numberOf(row));
});

element.addEventListener('change', (event) => {
  const select = event.target.closest('select[data-row]');
  if (!select) return;
  select.closest('tr').querySelectorAll('td[data-reads]').forEach((cell) => {
    cell.classList.toggle('wrong', select.value !== '' && cell.dataset.reads !== select.value);
    cell.classList.toggle('right', cell.dataset.reads === select.value);
  });
  trigger('input', {row: Number(select.dataset.row), label: select.value});
});
