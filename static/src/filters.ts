/** Which photos of a batch are shown: `templates/filters.html` of the app has the words. */

import { find } from "./elements";
import { isRight } from "./judge";
import { inOneWord } from "./looks";
import { keyOf, type Model } from "./models";
import type { PhotosTable, Row } from "./photos_table";
import { NONE } from "./site";
import { label, sameModel } from "./verdict";

type Test = (row: Row) => boolean;

const TESTS: Record<string, Test> = {
  all: () => true,
  wrong: ({ label: wanted, verdict }) =>
    wanted !== null && verdict !== null && verdict.look !== "split" && inOneWord(verdict) !== wanted,
  split: ({ verdict }) => verdict?.look === "split",
  refused: ({ verdict }) => verdict?.look === "none",
};

/** Whether only this model reads a labelled photo right. */
export function onlyRight(model: Model, { label: wanted, predictions }: Row): boolean {
  if (wanted === null || !predictions.some((p) => sameModel(p, model))) return false;
  return predictions.every((p) => isRight(p, wanted, NONE) === sameModel(p, model));
}

export class Filters {
  private rows: readonly Row[] = [];
  private models: readonly Model[] = [];
  private readonly only: HTMLSelectElement | null;
  private readonly options: HTMLOptionElement[];

  constructor(private readonly place: HTMLElement, private readonly table: PhotosTable) {
    this.only = place.querySelector("[data-only]"); // Not there where the page has one model.
    this.options = [...(this.only?.options ?? [])];
    place.addEventListener("click", ({ target }) => {
      const chosen = (target as Element).closest<HTMLElement>("[data-filter]")?.dataset.filter;
      if (chosen) this.apply(TESTS[chosen]!, chosen);
    });
    this.only?.addEventListener("change", () => {
      const model = this.models.find((each) => keyOf(each) === this.only!.value);
      if (model) this.apply((row) => onlyRight(model, row), "only");
      else this.apply(TESTS["all"]!, "all");
    });
  }

  /** Start with all photos of a batch. */
  show(rows: readonly Row[], models: readonly Model[]): void {
    [this.rows, this.models] = [rows, models];
    const keys = models.map(keyOf);
    this.only?.replaceChildren(...this.options.filter(({ value }) => !value || keys.includes(value)));
    this.only?.closest("label")?.toggleAttribute("hidden", models.length < 2);
    this.apply(TESTS["all"]!, "all");
    this.count();
  }

  /** Show the photos with a label that a model reads as a class; returns the first. */
  cell(model: Model, labelled: string, reads: string): number | undefined {
    this.apply((row) => row.label === labelled &&
      row.predictions.some((p) => sameModel(p, model) && label(p) === reads), "cell");
    return this.table.shownRows()[0];
  }

  /** Say how many photos each filter would show. */
  count(): void {
    for (const button of this.buttons()) {
      find("b", button).textContent = String(this.rows.filter(TESTS[button.dataset.filter!]!).length);
    }
  }

  private apply(test: Test, chosen: string): void {
    const shown = this.table.filter(test);
    this.buttons().forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.filter === chosen)));
    if (this.only && chosen !== "only") this.only.value = "";
    const status = find("[role=status]", this.place);
    const words = status.dataset.words!.replace("{shown}", `${shown}`).replace("{all}", `${this.rows.length}`);
    status.textContent = chosen === "all" ? "" : words;
  }

  private buttons(): HTMLElement[] {
    return [...this.place.querySelectorAll<HTMLElement>("[data-filter]")];
  }
}
