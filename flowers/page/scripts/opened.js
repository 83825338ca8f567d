// The opened photo. The dialog comes from Python with every backbone that has read the photo; it
// shows the row that was asked for last, and stays closed once it was closed.
let wanted = null;
let left = null;
let asked = {};
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
// The table has the labels; Python writes none into the dialog, since they change while it is made.
const showLabel = () => {
  if (wanted === null || Number(dialog()?.dataset.row) !== wanted) return;
  const {value, sign} = window.flowersBatch.label(wanted);
  element.querySelectorAll('[data-label]').forEach((button) =>
    button.setAttribute('aria-pressed', button.dataset.label === value));
  const saved = element.querySelector('.saved');
  if (saved) saved.textContent = sign;
};
watch('value', () => {
  show();
  showLabel();
});

// `pair` 1 asks for the focus maps of two models; `among` are the rows to leaf through.
const open = (row, {focus = '', pair = 0, among = null} = {}) => {
  wanted = row;
  asked = {pair, among};
  if (Number(dialog()?.dataset.row) === row) {
    show();
    showLabel();
  }
  trigger('select', {row, focus, pair});
};
const step = (by) => {
  const rows = asked.among || window.flowersBatch.shownRows();
  const next = rows[rows.indexOf(wanted) + by];
  if (next !== undefined) open(next, asked);
};
window.flowersOpened = {open, showLabel};

// Where closing begins nothing is wanted any more: its event comes a frame later, and an answer that
// came in between would open the dialog again.
const leave = () => {
  left = wanted;
  wanted = null;
};
const close = () => {
  leave();
  dialog().close();
};

element.addEventListener('click', (event) => {
  if (event.target === dialog()) return close();  // Beside it.
  const by = event.target.closest('[data-step]')?.dataset.step;
  if (by === '0') close();
  else if (by) step(Number(by));
  const label = event.target.closest('[data-label]');
  if (label) window.flowersBatch.setLabel(wanted, label.dataset.label);
  const chosen = event.target.closest('[data-focus]');
  if (chosen) open(wanted, {...asked, focus: chosen.dataset.focus});
});
element.addEventListener('input', (event) => {
  event.target.closest('.two-maps')?.style.setProperty('--at', `${event.target.value}%`);
});
// Anywhere, since what had the focus may be gone when a new answer has come.
document.addEventListener('keydown', (event) => {
  const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (!dialog()?.matches(':modal') || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^[0-9]$/.test(event.key)) window.flowersBatch.setLabelByKey(wanted, event.key);
  // Wide tables scroll by these keys, and a slider moves.
  if (!by || event.target.closest('.scroll, input')) return;
  event.preventDefault();
  step(by);
});
// Where one has leafed to is where one is in the table; these events do not bubble. A second Escape
// in a row closes without the first of them.
element.addEventListener('cancel', leave, true);
element.addEventListener('close', () => {
  if (left === null) leave();
  window.flowersBatch.toRow(left);
  left = null;
}, true);
