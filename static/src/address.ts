/** What is shown stands in the address: so reload, Back and a link show the same again. */

/**
 * Put values into the address; null takes one out. With `push`, Back leads to what was there. `state`
 * is what the entry of the history knows besides.
 */
export function write(
  changes: Record<string, string | null>, push = false, state: unknown = history.state,
): void {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  url.search = url.search.replaceAll("%2C", ",");
  if (url.href === location.href && state === history.state) return;
  if (push) history.pushState(state, "", url);
  else history.replaceState(state, "", url);
}
