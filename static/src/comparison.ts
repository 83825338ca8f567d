/** The stored comparison: its figures, those of a choice, and the table of all of them. */

import { message } from "./answer";
import { sortable } from "./app_scripts";
import type { Figure } from "./figure";
import { FigurePlace } from "./figure_place";

/** What `static/export.py` found in the app's page, by the id of a place. */
interface Figures {
  figures: Record<string, Figure>;
  /** By the id of a choice, and what is chosen. A string is HTML of the app. */
  choices: Record<string, Record<string, Record<string, Figure | string | null>>>;
}

/** The figures come when the tab is first looked at: few visitors do, and they are a third of the page. */
export function comparison(panel: HTMLElement): void {
  const table = panel.querySelector<HTMLElement>("#figures");
  if (table) sortable(table);
  let failed: HTMLElement | null = null;
  const shown = new ResizeObserver(async () => {
    if (!panel.clientWidth) return;
    shown.disconnect();
    failed?.remove();
    try {
      const response = await fetch("comparison.json");
      if (!response.ok) throw new Error();
      draw(panel, (await response.json()) as Figures);
    } catch {
      failed = message("The figures cannot be fetched; connect to the internet, and open this tab again.");
      panel.prepend(failed);
      new MutationObserver((_, closed) => {
        if (!panel.hidden) return;
        closed.disconnect();
        shown.observe(panel);
      }).observe(panel, { attributeFilter: ["hidden"] });
    }
  });
  shown.observe(panel);
}

function draw(panel: HTMLElement, { figures, choices }: Figures): void {
  const places = new Map<string, FigurePlace>();
  for (const element of panel.querySelectorAll<HTMLElement>("[data-figure]")) {
    const name = element.dataset.figure!;
    const place = new FigurePlace(element);
    place.show(figures[name] ?? null);
    places.set(name, place);
  }
  for (const choice of panel.querySelectorAll<HTMLSelectElement>("[data-choice]")) {
    choice.addEventListener("change", () => {
      const chosen = choices[choice.dataset.choice!]?.[choice.value] ?? {};
      for (const [name, found] of Object.entries(chosen)) {
        if (typeof found === "string") document.getElementById(name)!.innerHTML = found;
        else places.get(name)?.show(found);
      }
    });
  }
}
