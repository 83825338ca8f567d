// Lets files be dropped on an element, which shows that it takes them; `take` gets the drop's data.
window.flowersDrop = (element, take) => {
  element.addEventListener('dragover', (event) => {
    event.preventDefault();
    element.classList.add('over');
  });
  element.addEventListener('dragleave', () => element.classList.remove('over'));
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    element.classList.remove('over');
    take(event.dataTransfer);
  });
};
