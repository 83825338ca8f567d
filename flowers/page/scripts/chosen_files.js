// Files of a batch: chosen or dropped, folders too. Each is sent under the name that it has from its
// folder on, since folders are labels; Gradio's own box forgets it.
const find = (place) => element.querySelector(place);
const AT_ONCE = 3;

// Python writes this part of the page anew when files have come, and knows neither of these.
const state = {said: '', done: 0, all: 0};
const show = (change) => {
  Object.assign(state, change);
  const {said, done, all} = state;
  find('[role=status]').textContent = said;
  const bar = find('progress');
  bar.parentElement.hidden = !all;
  bar.nextElementSibling.textContent = `Sending ${Math.min(done + 1, all)} of ${all}…`;
  [bar.max, bar.value] = [all || 1, done];
  find('[data-do=folder]').hidden = !('webkitdirectory' in HTMLInputElement.prototype);
};
watch('value', () => show({}));
show({});

const limits = () => {
  const {side, most, mostFiles, endings} = find('.stage').dataset;
  return {
    side: Number(side), most: Number(most), mostFiles: Number(mostFiles),
    endings: new Set(endings.split(' ')),
  };
};
class TooManyFiles extends Error {}

// Every file below what was dropped: its name, and what gives it.
const walk = async (entry, found, most) => {
  if (found.length > most) throw new TooManyFiles();
  if (entry.isFile) {
    const open = () => new Promise((done, fail) => entry.file(done, fail));
    found.push({name: entry.fullPath.replace(/^[/]/, ''), open});
    return;
  }
  const reader = entry.createReader();
  for (;;) {  // It gives a hundred at a time.
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const each of some) await walk(each, found, most);
  }
};

// What Python would leave aside is not sent. Zips within folders are, as those within zips are.
const isWanted = (name, endings) => {
  const parts = name.split('/');
  const ending = /[.][^.]*$/.exec(parts.at(-1))?.[0].toLowerCase() ?? '';
  if (parts.some((part) => part.startsWith('.'))) return false;
  return ending === '' || endings.has(ending) || (ending === '.zip' && parts.length === 1);
};

const send = async (files) => {
  files.sort((a, b) => a.name.localeCompare(b.name, 'en', {numeric: true}));
  const {side, most, endings} = limits();
  const wanted = files.filter(({name}) => isWanted(name, endings));
  const kept_back = files.map(({name}) => name).filter((name) => !isWanted(name, endings));
  if (!wanted.length) {
    const aside = kept_back.length ? ` Received: ${kept_back.slice(0, 3).join(', ')}` : '';
    return show({said: `There are no photos; choose JPEG, PNG, WebP, HEIC, AVIF or TIFF, or a zip of them.${aside}`});
  }
  if (wanted.length > most) {
    const received = wanted.length.toLocaleString('en');
    return show({said: `${most} photos can be read at once; choose fewer. Received: ${received}`});
  }
  const sent = [], left = [...wanted.entries()];
  let problem = '';
  show({done: 0, all: wanted.length, said: ''});
  const sending = async () => {
    for (let next; !problem && (next = left.shift());) {
      const [number, {name, open}] = next;
      try {
        const {path} = await upload(await window.flowersShrunk(await open(), side));
        sent[number] = {path, name};
        show({done: state.done + 1});
      } catch (error) {
        problem = `${name} could not be sent; choose it again. Received: ${error.message || error}`;
      }
    }
  };
  await Promise.all(Array.from({length: AT_ONCE}, sending));
  const aside = find('.stage').dataset.aside.replace('{files}', kept_back.length);
  show({done: 0, all: 0, said: problem || (kept_back.length ? aside : '')});
  trigger('upload', {files: sent.filter(Boolean), kept_back});
};

// One lot after another.
let before = Promise.resolve();
const take = (listed) => {
  before = before.then(async () => {
    try {
      await send(await listed());
    } catch (error) {
      const {mostFiles} = limits();
      show({
        done: 0, all: 0,
        said: error instanceof TooManyFiles
          ? `There are over ${mostFiles.toLocaleString('en')} files; choose a folder that holds fewer.`
          : `The folder could not be read; try again. Received: ${error.message || error}`,
      });
    }
  });
};
const takeFiles = (list) => {
  const files = [...list].map((file) => ({name: file.webkitRelativePath || file.name, open: async () => file}));
  if (files.length) take(async () => {
    if (files.length > limits().mostFiles) throw new TooManyFiles();
    return files;
  });
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  const wanted = button?.dataset.do;
  if (wanted === 'photos') find('input:not([webkitdirectory])').click();
  if (wanted === 'folder') find('input[webkitdirectory]').click();
  if (wanted === 'none' || button?.dataset.remove) state.said = '';
  if (wanted === 'none') trigger('clear');
  if (button?.dataset.remove) trigger('delete', {file: Number(button.dataset.remove)});
});
element.addEventListener('change', (event) => {
  if (event.target.type !== 'file') return;
  takeFiles(event.target.files);
  event.target.value = '';
});
window.flowersDrop(element, (dropped) => {
  // All at once: the list is empty after the first wait.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  if (!entries.length) return takeFiles(dropped.files);
  take(async () => {
    const found = [];
    for (const entry of entries) await walk(entry, found, limits().mostFiles);
    return found;
  });
});
