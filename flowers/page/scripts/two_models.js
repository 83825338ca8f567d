// A photo that only one of two models reads right opens with the focus maps of both.
element.addEventListener('click', (event) => {
  const chosen = event.target.closest('[data-photo]');
  if (!chosen) return;
  const list = chosen.closest('ul').querySelectorAll('[data-photo]');
  const among = [...list].map((button) => Number(button.dataset.photo));
  window.flowersOpened.open(Number(chosen.dataset.photo), {pair: 1, among});
});
