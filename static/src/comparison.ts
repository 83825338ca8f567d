/** The stored comparison: draws the figures, and sorts the table of all of them. */

import { draw, type Figure, leastWidth } from "./charts";
import { site } from "./site";

const WIDE = 560;
/** Pixels below which a wide figure scrolls sideways instead of being squeezed. */

/** Draw all figures when they first have a width, and again when that changes. */
export function comparison(panel: HTMLElement): void {
  const shown: Record<string, Figure | null> = { ...site.figures };
  const redraw = (place: HTMLElement): void => {
    const figure = shown[place.dataset.figure!];
    if (!place.clientWidth) return;
    const scarce = figure && place.closest(".wide") && place.clientWidth < WIDE;
    const width = Math.max(place.clientWidth, scarce ? leastWidth(figure) : 0);
    const heading = place.closest(".chart")?.querySelector("h3")?.textContent ?? "";
    place.replaceChildren(...(figure ? [draw(figure, width, heading)] : []));
    const scrolls = figure !== null && width > place.clientWidth; // The keyboard must get there, too.
    if (scrolls) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  };
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => redraw(target as HTMLElement)));
  const places = [...panel.querySelectorAll<HTMLElement>("[data-figure]")];
  places.forEach((place) => observer.observe(place));
  for (const choice of panel.querySelectorAll<HTMLSelectElement>("[data-choice]")) {
    choice.addEventListener("change", () => {
      const chosen = site.choices[choice.dataset.choice!]?.[choice.value] ?? {};
      for (const [name, found] of Object.entries(chosen)) {
        if (typeof found === "string") document.getElementById(name)!.innerHTML = found;
        else shown[name] = found;
      }
      places.forEach(redraw);
    });
  }
  panel.querySelectorAll<HTMLTableElement>("table.sortable").forEach(sortable);
}

/** A click on a header sorts by that column, a second click turns the order round. */
function sortable(table: HTMLTableElement): void {
  table.tHead!.addEventListener("click", (event) => {
    const head = (event.target as HTMLElement).closest("button")?.closest<HTMLTableCellElement>("th[data-column]");
    const body = table.tBodies[0];
    if (!head || !body) return;
    const numeric = head.classList.contains("num");
    const first = numeric ? "descending" : "ascending"; // Text sorts upwards first.
    const order = head.getAttribute("aria-sort") === first ? (numeric ? "ascending" : "descending") : first;
    table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const value = (row: HTMLTableRowElement): string => row.cells[head.cellIndex]?.dataset.value ?? "";
    const compare = (a: string, b: string): number => {
      if (a === "" || b === "") return Number(a === "") - Number(b === ""); // Without a value: last.
      return sign * (numeric ? Number(a) - Number(b) : a.localeCompare(b));
    };
    body.append(...[...body.rows].sort((a, b) => compare(value(a), value(b))));
  });
}
