/** The table of a batch, photo by model, where labels are picked; a row opens its photo. */

import { find, h } from "./elements";
import type { Shot } from "./folders";
import { isRight } from "./judge";
import type { PhotoVerdict } from "./looks";
import type { Model } from "./models";
import { backboneName, NONE, say, site } from "./site";
import { type Consensus, label, type Prediction, probability, type Reading, sameModel } from "./verdict";

export interface Row extends Reading {
  shot: Shot;
  /** Address of a small picture. */
  thumbnail: string;
  /** What the models say together; null for a photo that was left out. */
  summary: Consensus | null;
  verdict: PhotoVerdict | null;
}

interface Events {
  open(number: number): void;
  /** A row has another label. */
  labelled(): void;
}

export class PhotosTable {
  private rows: readonly Row[] = [];
  private models: readonly Model[] = [];

  constructor(private readonly place: HTMLElement, private readonly events: Events) {
    place.addEventListener("click", ({ target }) => {
      const row = (target as Element).closest<HTMLElement>("tr[data-row]");
      if (row && !(target as Element).closest("select")) events.open(numberOf(row));
    });
    place.addEventListener("keydown", (event) => {
      const row = (event.target as Element).closest("button[data-open]")?.closest<HTMLElement>("tr[data-row]");
      if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
      const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!by) return this.setLabelByKey(numberOf(row), event.key);
      const shown = this.shownRows();
      const next = shown[shown.indexOf(numberOf(row)) + by];
      if (next !== undefined) this.toRow(next);
      event.preventDefault();
    });
    place.addEventListener("change", ({ target }) => {
      const select = target as HTMLSelectElement;
      const row = select.closest<HTMLElement>("tr[data-row]");
      if (!row) return;
      this.setLabel(numberOf(row), select.value || null);
      find("select", this.rowOf(numberOf(row))!).focus();
    });
  }

  show(rows: readonly Row[], models: readonly Model[]): void {
    [this.rows, this.models] = [rows, models];
    const head = h("tr", {},
      ...["photo", "label", "consensus"].map((text) => h("th", { scope: "col" }, text)),
      ...models.map(({ backbone, variant }) => h("th", { scope: "col" }, backboneName(backbone), h("br"),
        h("span", { class: "variant" }, variant))));
    const keys = say("row_keys", { keys: Math.min(site.classes.length, 9), stranger: NONE });
    this.place.replaceChildren(
      h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": say("table") },
        h("table", { class: "plain batch" }, h("thead", {}, head),
          h("tbody", {}, ...rows.map((row, number) => this.row(row, number))))),
      h("p", { class: "hint" }, `${say("disputed")}${keys} ${say("rust")}`));
  }

  /** Numbers of the rows that are not filtered away. */
  shownRows(): number[] {
    return this.elements().filter((row) => !row.hidden).map(numberOf);
  }

  /** Show the rows that pass a test; returns how many do. */
  filter(test: (row: Row) => boolean): number {
    for (const row of this.elements()) row.hidden = !test(this.rows[numberOf(row)]!);
    return this.shownRows().length;
  }

  toRow(number: number): void {
    const row = this.rowOf(number);
    row?.querySelector<HTMLElement>("button[data-open]")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  }

  setLabel(number: number, chosen: string | null): void {
    const row = this.rows[number]!;
    if (!row.predictions.length || row.label === chosen) return;
    row.label = chosen;
    const before = this.rowOf(number)!;
    const after = this.row(row, number);
    after.hidden = before.hidden; // A label moves no row away under the hand.
    const focused = before.contains(document.activeElement);
    before.replaceWith(after);
    if (focused) find("button[data-open]", after).focus();
    this.events.labelled();
  }

  /** 1 to 9 are the classes in order, 0 is none of them. */
  setLabelByKey(number: number, key: string): void {
    const chosen = key === "0" ? NONE : /^[1-9]$/.test(key) ? site.classes[Number(key) - 1] : undefined;
    if (chosen !== undefined) this.setLabel(number, chosen);
  }

  private elements(): HTMLTableRowElement[] {
    return [...this.place.querySelectorAll<HTMLTableRowElement>("tr[data-row]")];
  }

  private rowOf(number: number): HTMLTableRowElement | undefined {
    return this.elements().find((row) => numberOf(row) === number);
  }

  private row(row: Row, number: number): HTMLTableRowElement {
    const picture = row.thumbnail ? h("img", { alt: "", width: 44, height: 44, src: row.thumbnail }) : null;
    const open = { type: "button", class: "photo", "data-open": true, title: row.photo };
    const photo = h("th", { scope: "row" },
      h("button", { ...open, "aria-label": say("open_photo", { photo: row.photo }) },
        picture, h("span", {}, row.photo.split("/").at(-1)!)));
    const { summary, verdict } = row;
    if (!summary || !verdict) {
      return h("tr", { "data-row": number }, photo, h("td", { colspan: 2 + this.models.length, class: "wrap" }, row.reason));
    }
    const select = h("select", { "aria-label": say("label_of", { photo: row.photo }) },
      h("option", { value: "" }, "–"), ...[...site.classes, NONE].map((name) => h("option", {}, name)));
    select.value = row.label ?? "";
    return h("tr", { "data-row": number, "data-look": verdict.look }, photo, h("td", {}, select),
      h("td", {}, `${verdict.brief} `, h("small", {}, howSure(verdict, summary))),
      ...this.models.map((model) => cell(row.predictions.find((p) => sameModel(p, model)), row.label, summary)));
  }
}

function cell(p: Prediction | undefined, wanted: string | null, summary: Consensus): HTMLElement {
  if (!p) return h("td", {}, "–");
  const right = wanted === null ? label(p) === summary.label : isRight(p, wanted, NONE);
  const kind = right ? (wanted === null ? null : "right") : "wrong";
  const refused = p.known ? "" : `${say("refused")} `;
  return h("td", { class: kind }, `${label(p)} `, h("small", {}, refused + (100 * probability(p)).toFixed(0)));
}

function howSure({ look, votes }: PhotoVerdict, { probability, models }: Consensus): string {
  if (look === "split") return look;
  return `${look === "agreed" ? `${(100 * probability).toFixed(0)}, ` : ""}${votes}/${models}`;
}

function numberOf(row: HTMLElement): number {
  return Number(row.dataset.row);
}
