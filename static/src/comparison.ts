/** The stored comparison: its figures, those of a choice, and the table of all of them. */

import { sortable } from "./app_scripts";
import { FigurePlace } from "./figure_place";
import { site } from "./site";

export function comparison(panel: HTMLElement): void {
  const places = new Map<string, FigurePlace>();
  for (const element of panel.querySelectorAll<HTMLElement>("[data-figure]")) {
    const name = element.dataset.figure!;
    const place = new FigurePlace(element);
    place.show(site.figures[name] ?? null);
    places.set(name, place);
  }
  for (const choice of panel.querySelectorAll<HTMLSelectElement>("[data-choice]")) {
    choice.addEventListener("change", () => {
      const chosen = site.choices[choice.dataset.choice!]?.[choice.value] ?? {};
      for (const [name, found] of Object.entries(chosen)) {
        if (typeof found === "string") document.getElementById(name)!.innerHTML = found;
        else places.get(name)?.show(found);
      }
    });
  }
  const table = panel.querySelector<HTMLElement>("#figures");
  if (table) sortable(table);
}
