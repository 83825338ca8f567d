/** What one model of a batch reads labelled photos as; a cell shows its photos. */

import { find, h } from "./elements";
import type { Standings } from "./judge";
import { keyOf, type Model } from "./models";
import type { Row } from "./photos_table";
import { modelName, NONE, say } from "./site";
import { classOrder, label, sameModel } from "./verdict";

export class Confusion {
  private rows: readonly Row[] = [];
  private standings: Standings | null = null;
  private readonly select: HTMLSelectElement;

  /** `show` is called with what a cell counts: the photos with a label that a model reads as a class. */
  constructor(
    private readonly place: HTMLElement, show: (model: Model, labelled: string, reads: string) => void,
  ) {
    this.select = find<HTMLSelectElement>("select", place);
    this.select.addEventListener("change", () => this.draw());
    place.addEventListener("click", ({ target }) => {
      const cell = (target as Element).closest<HTMLElement>("button[data-reads]");
      if (cell) show(this.model()!, cell.dataset.label!, cell.dataset.reads!);
    });
  }

  show(rows: readonly Row[], standings: Standings | null): void {
    [this.rows, this.standings] = [rows, standings];
    this.place.hidden = !standings;
    if (!standings) return;
    const before = this.select.value;
    this.select.replaceChildren(...standings.scores.map((s) => h("option", { value: keyOf(s) }, modelName(s))));
    this.select.value = standings.scores.some((s) => keyOf(s) === before) ? before : keyOf(standings.best);
    this.draw();
  }

  private model(): Model | undefined {
    return this.standings?.scores.find((score) => keyOf(score) === this.select.value);
  }

  private draw(): void {
    const model = this.model();
    if (!model) return;
    const labelled = this.rows.filter((row) => row.label !== null && row.label !== NONE && row.predictions.length);
    const pairs = labelled.flatMap(({ label: wanted, predictions }): [string, string][] => {
      const p = predictions.find((found) => sameModel(found, model));
      return p ? [[wanted!, label(p)]] : [];
    });
    const known = labelled.flatMap((row) => row.predictions.map((p) => p.classes));
    const classes = classOrder([...known, labelled.map((row) => row.label!)]);
    const rows = classes.map((wanted) => {
      const counts = classes.map((reads) => pairs.filter(([a, b]) => a === wanted && b === reads).length);
      const all = Math.max(1, counts.reduce((a, b) => a + b, 0));
      return h("tr", {}, h("th", { scope: "row" }, wanted),
        ...classes.map((reads, i) => cell(wanted, reads, counts[i]!, all)));
    });
    find(".confused", this.place).replaceChildren(
      h("div", {
        class: "scroll", tabindex: 0, role: "region", "aria-label": say("confusion_of", { name: modelName(model) }),
      }, h("table", { class: "heat confusion" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("true_class")),
          ...classes.map((name) => h("th", { scope: "col", class: "cell" }, name)))),
        h("tbody", {}, ...rows))),
      h("p", { class: "hint" }, say("cell_hint")));
  }
}

function cell(wanted: string, reads: string, count: number, all: number): HTMLElement {
  const values = { count, all, label: wanted, reads };
  const button = count ? h("button", {
    type: "button", "data-label": wanted, "data-reads": reads, "aria-label": say("cell_of", values),
  }, `${count}`) : null;
  const found = h("td", { class: `cell${reads === wanted ? " top" : ""}` }, button);
  found.style.setProperty("--p", `${((100 * count) / all).toFixed(1)}%`);
  return found;
}
