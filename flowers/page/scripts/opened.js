// The opened photo. The dialog comes from Python with every backbone that has read the photo; it
// shows the row that was asked for last, and stays closed once it was closed.
let wanted = null;
const dialog = () => element.querySelector('dialog');

const show = () => {
  const found = dialog();
  if (!found) return;
  if (wanted === null) found.removeAttribute('open');
  else if (!found.matches(':modal')) {
    found.removeAttribute('open');  // It came as a dialog that is open beside the page.
    found.showModal();
  }
};
watch('value', show);

const open = (row, focus = '') => {
  wanted = row;
  if (Number(dialog()?.dataset.row) === row) show();
  trigger('select', {row, focus});
};
const step = (by) => {
  const rows = window.flowersBatch.shownRows();
  const next = rows[rows.indexOf(wanted) + by];
  if (next !== undefined) open(next);
};
window.flowersOpened = {open};

element.addEventListener('click', (event) => {
  if (event.target === dialog()) return dialog().close();  // Beside it.
  const by = event.target.closest('[data-step]')?.dataset.step;
  if (by === '0') dialog().close();
  else if (by) step(Number(by));
  const chosen = event.target.closest('[data-focus]');
  if (chosen) open(wanted, chosen.dataset.focus);
});
// Anywhere, since what had the focus may be gone when a new answer has come.
document.addEventListener('keydown', (event) => {
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!dialog()?.matches(':modal')) return;
  // Wide tables scroll by these keys.
  if (!by || event.target.closest('.scroll') || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  step(by);
});
// Where one has leafed to is where one is in the table; this event does not bubble.
element.addEventListener('close', () => {
  window.flowersBatch.toRow(wanted);
  wanted = null;
}, true);
