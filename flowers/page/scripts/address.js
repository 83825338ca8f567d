// What is shown stands in the address: tab, models, example and the order of the table. So reload,
// Back and a link show the same again. A photo that was sent is kept in the history entry alone.
window.flowersAddress = (() => {
  const write = (changes, {push = false, state = history.state} = {}) => {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    url.search = url.search.replaceAll('%2C', ',');
    if (push) history.pushState(state, '', url);
    else history.replaceState(state, '', url);
  };

  const tabName = (tab) => tab.id.replace(/^tab-|-button$/g, '');
  const opened = (tab) => {
    if (tab.getAttribute('aria-disabled') === 'true') return;
    const first = tab.parentElement.querySelector('[role=tab]') === tab;
    const wanted = first ? '' : tabName(tab);
    if ((new URL(location.href).searchParams.get('tab') ?? '') !== wanted)
      write({tab: wanted}, {push: true});
  };
  document.addEventListener('click', (event) => {
    const tab = event.isTrusted && event.target.closest('[role=tab]');
    if (tab) opened(tab);
  }, true);

  // Arrow keys move between tabs, as everywhere (WAI-ARIA).
  document.addEventListener('keydown', (event) => {
    const tab = event.target.closest?.('[role=tab]');
    if (!tab) return;
    const tabs = [...tab.closest('[role=tablist]').querySelectorAll('[role=tab]')];
    const at = tabs.indexOf(tab);
    const next = {
      ArrowRight: tabs[(at + 1) % tabs.length],
      ArrowLeft: tabs[(at + tabs.length - 1) % tabs.length],
      Home: tabs[0],
      End: tabs.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    next.click();
    next.focus();
    opened(next);
  });

  // The models that are picked; none stand in the address while all are.
  const picks = () => {
    const found = {backbones: [], variants: []}, all = {backbones: true, variants: true};
    document.querySelectorAll('#choice-column [id^="pick-"]').forEach((place) => {
      const [, kind, key] = place.id.split('-');
      const box = place.querySelector('input[type=checkbox]');
      if (!box || box.disabled) return;
      if (box.checked) found[kind].push(key);
      else all[kind] = false;
    });
    return Object.fromEntries(['backbones', 'variants'].map(
      (kind) => [kind, all[kind] ? '' : found[kind].join(',') || 'none']));
  };
  document.addEventListener('change', (event) => {
    if (event.isTrusted && event.target.closest?.('#choice-column .picker')) write(picks());
  });

  window.addEventListener('popstate', () => document.querySelector('#restore')?.click());

  // Opens the tab that stands in the address, at once and here: an answer of the server may come
  // after the visitor has opened another. What is left goes to Python: the query, and the photo of
  // this history entry.
  const restore = () => {
    const tabs = [...document.querySelectorAll('[role=tab]')];
    const wanted = new URL(location.href).searchParams.get('tab');
    const tab = tabs.find((one) => tabName(one) === wanted) ?? tabs[0];
    if (tab?.getAttribute('aria-selected') !== 'true') tab?.click();
    return [location.search, history.state?.photo ?? null];
  };

  const toVerdict = () => {
    if (!matchMedia('(max-width: 760px)').matches) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    document.querySelector('#photo')?.scrollIntoView({behavior: calm ? 'auto' : 'smooth'});
  };
  return {write, restore, toVerdict};
})();
