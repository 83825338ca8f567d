// Copies the address, which says all that is shown but a photo of one's own.
async () => {
  const button = document.querySelector('#copy-link');
  const done = history.state?.photo ? 'Copied, without your photo' : 'Copied';
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = done;
  } catch {
    button.textContent = 'Copy it from the address bar';
  }
  setTimeout(() => { button.textContent = 'Copy link'; }, 2500);
}
