// A click on a header sorts by that column, a second click turns the order round; rows without a
// value stay last. Text sorts upwards first, numbers downwards. The order stands in the address.
window.flowersSort = (element) => {
  const sort = (head, order) => {
    const table = head.closest('table'), body = table.tBodies[0];
    const numeric = head.classList.contains('num'), at = head.cellIndex;
    table.querySelectorAll('th[aria-sort]').forEach((th) => th.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', order);
    const sign = order === 'ascending' ? 1 : -1;
    const value = (row) => row.cells[at].dataset.value;
    body.append(...[...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === '' || y === '') return (x === '') - (y === '');
      return sign * (numeric ? x - y : x.localeCompare(y));
    }));
  };
  element.addEventListener('click', (event) => {
    const head = event.target.closest('button')?.closest('th[data-column]');
    if (!head) return;
    const [first, second] = head.classList.contains('num')
      ? ['descending', 'ascending'] : ['ascending', 'descending'];
    const order = head.getAttribute('aria-sort') === first ? second : first;
    sort(head, order);
    window.flowersAddress.write({sort: `${head.dataset.column},${order}`});
  });
  const restore = () => {
    const [name, order] = (new URL(location.href).searchParams.get('sort') ?? '').split(',');
    const head = [...element.querySelectorAll('th')].find((th) => th.dataset.column === name);
    if (head && ['ascending', 'descending'].includes(order)) sort(head, order);
  };
  restore();
  window.addEventListener('popstate', restore);
};
