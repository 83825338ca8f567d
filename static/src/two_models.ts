/** Two models of a batch: what only one of them reads right, and whether that is more than chance. */

import { emphasized } from "./answer";
import { find, h } from "./elements";
import type { Standings } from "./judge";
import { headToHead } from "./leader";
import { keyOf } from "./models";
import type { Two } from "./opened";
import type { Row } from "./photos_table";
import { modelName, say, site } from "./site";
import { label, sameModel } from "./verdict";

export class TwoModels {
  private chosen: Two | null = null;
  private rows: readonly Row[] = [];
  private standings: Standings | null = null;
  private readonly selects: HTMLSelectElement[];

  /** `open` is called with a photo, the two models, and the photos beside it. */
  constructor(
    private readonly place: HTMLElement, open: (number: number, pair: Two, among: number[]) => void,
  ) {
    this.selects = [...place.querySelectorAll("select")];
    place.addEventListener("change", () => {
      const scores = this.standings?.scores ?? [];
      const found = this.selects.flatMap(({ value }) => scores.find((score) => keyOf(score) === value) ?? []);
      if (found.length === 2) this.chosen = [found[0]!, found[1]!];
      this.draw();
    });
    place.addEventListener("click", ({ target }) => {
      const photo = (target as Element).closest<HTMLElement>("[data-photo]");
      if (!photo || !this.chosen) return;
      const among = [...photo.closest("ul")!.querySelectorAll<HTMLElement>("[data-photo]")].map(numberOf);
      open(numberOf(photo), this.chosen, among);
    });
  }

  show(rows: readonly Row[], standings: Standings | null): void {
    [this.rows, this.standings] = [rows, standings];
    this.draw();
  }

  private draw(): void {
    const { rows, standings } = this;
    const pair = standings && this.pair(standings);
    this.place.hidden = !pair;
    if (!pair) return;
    this.chosen = pair;
    this.selects.forEach((select, i) => {
      const others = standings.scores.filter((score) => !sameModel(score, pair[1 - i]!));
      select.replaceChildren(...others.map((score) => h("option", { value: keyOf(score) }, modelName(score))));
      select.value = keyOf(pair[i]!);
    });
    const found = headToHead(rows, standings, ...pair, site.words);
    const sides = [found.onlyFirst, found.onlySecond].flatMap((photos, i) => [
      h("h3", {}, say("only_right", { name: modelName(pair[i]!) }) + (photos.length ? "" : say("no_photo_of_it"))),
      photos.length ? h("ul", { class: "examples" }, ...photos.map((number) => this.photo(number, pair))) : null,
    ]);
    find(".compared", this.place).replaceChildren(
      h("section", { class: "verdict", "aria-live": "polite", "data-look": found.look },
        h("h2", {}, found.title),
        h("ul", { class: "facts" }, ...found.facts.map((fact) => h("li", {}, ...emphasized(fact))))),
      ...sides.filter((side) => side !== null));
  }

  /** The two that were chosen, else the best and the best of another backbone; null for one model. */
  private pair({ scores }: Standings): Two | null {
    const ordered = [...scores].sort((a, b) => b.accuracy - a.accuracy);
    const [best, ...others] = ordered;
    if (!best || !others.length) return null;
    const still = this.chosen?.every((model) => scores.some((score) => sameModel(score, model)));
    if (this.chosen && still) return this.chosen;
    return [best, others.find(({ backbone }) => backbone !== best.backbone) ?? others[0]!];
  }

  private photo(number: number, pair: Two): HTMLElement {
    const row = this.rows[number]!;
    const said = pair.map((model) => label(row.predictions.find((p) => sameModel(p, model))!));
    const values = { photo: row.photo, label: row.label!, wrong: said.find((name) => name !== row.label)! };
    const attributes = { type: "button", "data-photo": number, title: row.photo };
    return h("li", {}, h("button", { ...attributes, "aria-label": say("only_photo", values) },
      row.thumbnail ? h("img", { alt: "", src: row.thumbnail }) : null, say("instead", values)));
  }
}

function numberOf(photo: HTMLElement): number {
  return Number(photo.dataset.photo);
}
