// A picked label marks the row at once; the event tells Python, which scores the models anew.
element.addEventListener('change', (event) => {
  const select = event.target.closest('select[data-row]');
  if (!select) return;
  select.closest('tr').querySelectorAll('td[data-reads]').forEach((cell) => {
    cell.classList.toggle('wrong', select.value !== '' && cell.dataset.reads !== select.value);
    cell.classList.toggle('right', cell.dataset.reads === select.value);
  });
  trigger('input', {row: Number(select.dataset.row), label: select.value});
});
