// The photo: chosen, dropped, pasted or taken. The one that is shown stays until another is there.
const find = (place) => element.querySelector(place);
const say = (text) => { find('[role=status]').textContent = text; };

// It stands in the history once it is shown; one that cannot be read leaves things as they are.
let sent = null;
watch('value', () => {
  const photo = sent;
  sent = null;
  if (!photo || find('[role=alert]')) return;
  window.flowersAddress.write({example: ''}, {push: true, state: {photo}});
  window.flowersAddress.toVerdict();
});

// What was chosen last counts, however long an earlier photo is on its way: another photo, an
// example, or what Back shows.
let turn = 0;
const supersede = () => {
  turn += 1;
  sent = null;
};
window.addEventListener('popstate', supersede);
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-example]')) supersede();
});

const send = async (file) => {
  if (!file) return;
  const mine = ++turn;
  say('Sending the photo…');
  const side = Number(find('[data-side]').dataset.side);
  try {
    const {path} = await upload(await window.flowersShrunk(file, side));
    if (mine !== turn) return;
    const photo = {path, name: file.name};
    sent = photo;
    trigger('upload', photo);
    say('');
  } catch (error) {
    if (mine !== turn) return;
    say(`The photo could not be sent; try again. Received: ${error.message || error}`);
  }
};

// A phone has its own camera; elsewhere the page opens one.
const takePhoto = async () => {
  if (matchMedia('(pointer: coarse)').matches) return find('input[capture]').click();
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({video: {width: 1280}});
  } catch (error) {
    return say(`No camera can be used here; choose a photo. Received: ${error.name || error}`);
  }
  const dialog = find('dialog'), video = dialog.querySelector('video');
  const take = dialog.querySelector('[value=take]');
  take.disabled = true;  // Until there is a picture to take.
  video.onloadeddata = () => {
    take.disabled = false;
    take.focus();
  };
  video.srcObject = stream;
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'take') {
      const canvas = document.createElement('canvas');
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext('2d').drawImage(video, 0, 0);
      // There is no blob of a picture without pixels.
      canvas.toBlob((blob) => blob && send(new File([blob], 'camera.jpg', {type: 'image/jpeg'})),
        'image/jpeg', 0.92);
    }
    stream.getTracks().forEach((track) => track.stop());
  }, {once: true});
  dialog.returnValue = '';
  dialog.showModal();
};

element.addEventListener('click', (event) => {
  const wanted = event.target.closest('[data-do]')?.dataset.do;
  if (wanted === 'choose') find('input[type=file]').click();
  if (wanted === 'camera') takePhoto();
});
element.addEventListener('change', (event) => {
  if (event.target.type !== 'file') return;
  send(event.target.files[0]);
  event.target.value = '';
});
window.flowersDrop(element, (dropped) => send(dropped.files[0]));
document.addEventListener('paste', (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file && element.checkVisibility()) send(file);
});
