/** The stored comparison: draws the figures, and sorts the table of all of them. */

import { sortable } from "./app_scripts";
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
  const table = panel.querySelector<HTMLElement>("#figures");
  if (table) sortable(table);
}
