/** One photo of a batch, large: `templates/opened.html` of the app has the words. */

import { message } from "./answer";
import { find, h, percent } from "./elements";
import { overlay } from "./focus";
import { OnePhoto, sentence } from "./one_photo";
import type { PhotosTable, Row } from "./photos_table";
import type { Model, Variant } from "./models";
import { modelName, say } from "./site";
import { label, probability, sameModel } from "./verdict";
import type { Look, Zoo } from "./zoo";

/** Two models whose focus maps a slider compares. */
export type Two = readonly [Model, Model];

interface Asked {
  pair: Two | null;
  /** The rows to leaf through; those that are shown, where it is null. */
  among: readonly number[] | null;
}

export class Opened {
  rows: readonly Row[] = [];
  private readonly dialog: HTMLDialogElement;
  private readonly photo: OnePhoto;
  private readonly answer: HTMLElement;
  private number = -1;
  private turn = 0;
  private address = "";
  private asked: Asked = { pair: null, among: null };

  constructor(zoo: Zoo, private readonly table: PhotosTable) {
    const copy = find<HTMLTemplateElement>("#opened-photo").content.cloneNode(true) as DocumentFragment;
    this.dialog = find<HTMLDialogElement>("dialog", copy);
    this.dialog.removeAttribute("open");
    find("main").append(this.dialog);
    this.answer = find(".opened-photo > div", this.dialog);
    this.photo = new OnePhoto(zoo, this.answer, (looks, shape) => this.compare(looks, shape));
    this.dialog.addEventListener("click", ({ target }) => this.click(target as HTMLElement));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("close", () => {
      this.turn++;
      this.photo.clear();
      table.toRow(this.number); // Where one has leafed to is where one is in the table.
    });
  }

  /** Open the photo of a row, and have those models read it that did before. */
  async open(number: number, asked: Asked = { pair: null, among: null }): Promise<void> {
    const row = this.rows[number]!;
    const turn = ++this.turn;
    [this.number, this.asked] = [number, asked];
    this.photo.clear();
    find("h3", this.dialog).textContent = row.photo;
    this.dialog.querySelectorAll("img, .two-maps").forEach((shown) => shown.remove());
    find(".chips[aria-label]", this.dialog).hidden = !row.predictions.length;
    this.showLabel();
    if (!this.dialog.open) this.dialog.showModal();
    this.dialog.scrollTop = 0;
    const refuse = (why: string): void => this.answer.replaceChildren(message(why, say("cannot_show")));
    if (row.reason !== null) return refuse(row.reason);
    try {
      const file = await row.shot.open();
      if (turn !== this.turn) return;
      URL.revokeObjectURL(this.address);
      this.address = URL.createObjectURL(file);
      this.answer.before(h("img", { alt: row.photo, src: this.address }));
      const backbones = [...new Set(row.predictions.map((p) => p.backbone))];
      const variants: Variant[] = [...new Set(row.predictions.map((p) => p.variant))];
      await this.photo.read({ file, name: row.photo, address: this.address }, { backbones, variants });
    } catch (error) {
      if (turn === this.turn) refuse(sentence(error));
    }
  }

  /** Show which label the photo has now. */
  showLabel(): void {
    const chosen = this.rows[this.number]?.label ?? "";
    for (const button of this.dialog.querySelectorAll<HTMLElement>("[data-label]")) {
      button.setAttribute("aria-pressed", String(button.dataset.label === chosen));
    }
  }

  /** Lay the focus maps of two models over the photo, once both are there. */
  private compare(looks: readonly Look[], [width, height]: [number, number]): void {
    const { pair } = this.asked;
    const sides = pair?.flatMap((model) => looks.find((look) => sameModel(look, model)) ?? []);
    if (sides?.length !== 2 || this.dialog.querySelector(".two-maps")) return;
    const maps = sides.map((look, i) => h("img", {
      class: i ? "right" : "left", alt: say("where", { model: modelName(look) }),
      src: overlay(look, label(look))!.toDataURL(),
    }));
    const [first, second] = sides.map(modelName) as [string, string];
    const slider = h("input", {
      type: "range", min: 0, max: 100, value: 50, "aria-label": say("two_slider", { first, second }),
    });
    const figure = h("figure", { class: "two-maps", "aria-label": say("two_maps") },
      h("div", { class: "stage" }, h("img", { alt: "", src: this.address }), ...maps), slider,
      h("figcaption", {}, ...sides.map((look) => h("span", {}, `${modelName(look)}: `, h("b", {}, label(look)),
        ` ${percent(probability(look))}`))));
    figure.style.setProperty("--shape", `${width} / ${height}`);
    slider.addEventListener("input", () => figure.style.setProperty("--at", `${slider.value}%`));
    this.dialog.querySelector(".opened-photo > img")?.replaceWith(figure);
  }

  private click(target: HTMLElement): void {
    if (target === this.dialog) return this.dialog.close(); // Beside it.
    const by = target.closest<HTMLElement>("[data-step]")?.dataset.step;
    if (by === "0") this.dialog.close();
    else if (by) this.step(Number(by));
    const chosen = target.closest<HTMLElement>("[data-label]")?.dataset.label;
    if (chosen !== undefined) this.table.setLabel(this.number, chosen || null);
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    this.table.setLabelByKey(this.number, event.key);
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    // Wide tables scroll by these keys, and a slider moves.
    if (!by || (event.target as Element).closest(".scroll, input")) return;
    event.preventDefault();
    this.step(by);
  }

  private step(by: number): void {
    const rows = this.asked.among ?? this.table.shownRows();
    const next = rows[rows.indexOf(this.number) + by];
    if (next !== undefined) void this.open(next, this.asked);
  }
}
