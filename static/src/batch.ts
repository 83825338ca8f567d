/** The Your photos tab: many photos, every chosen model, and who reads them best. */

import { emphasized, message, nameOf } from "./answer";
import { download, find, h, percent } from "./elements";
import { collect, type Shot } from "./folders";
import { type Model, UserError } from "./models";
import { sentence } from "./one_photo";
import { Picker } from "./picker";
import { backboneName, say, site } from "./site";
import {
  consensus, judge, label, mostDisputed, probability, type Reading, sameModel, type Score, type Standings,
} from "./verdict";
import { leaderOf } from "./looks";
import type { Zoo } from "./zoo";

interface Row extends Reading {
  /** Address of a small picture. */
  thumbnail: string;
}

export class Batch {
  private readonly picker = new Picker(find("#batch-choice"));
  private readonly summary = find("#batch-summary");
  private shots: Shot[] = [];
  private rows: Row[] = [];
  private failed = new Map<string, string>();
  private reading = false;
  private stopped = false;

  constructor(private readonly zoo: Zoo) {
    for (const input of document.querySelectorAll<HTMLInputElement>("#batch-input input[type=file]")) {
      input.addEventListener("change", async () => {
        this.take(await collect([...(input.files ?? [])]));
        input.value = "";
      });
    }
    const target = find("#batch-drop");
    target.addEventListener("dragover", (event) => {
      event.preventDefault();
      target.classList.add("over");
    });
    target.addEventListener("dragleave", () => target.classList.remove("over"));
    target.addEventListener("drop", async (event) => {
      event.preventDefault();
      target.classList.remove("over");
      if (event.dataTransfer) this.take(await collect(event.dataTransfer));
    });
    find("#batch-start").addEventListener("click", () => void this.read());
    find("#batch-stop").addEventListener("click", () => (this.stopped = true));
    find("#batch-table").addEventListener("change", (event) => {
      const select = event.target as HTMLSelectElement;
      const row = this.rows[Number(select.dataset.row)];
      if (!row) return;
      row.label = select.value || null;
      select.closest("tr")!.replaceWith(this.row(row, Number(select.dataset.row), this.models()));
      find(`#batch-table select[data-row="${select.dataset.row}"]`).focus();
      this.judge();
    });
  }

  private take(shots: Shot[]): void {
    if (this.reading) return;
    this.shots = shots;
    const labelled = shots.filter((shot) => shot.label !== null).length;
    find("#batch-files").textContent = shots.length
      ? `${shots.length} photos` + (labelled ? `, ${labelled} labelled by their folders` : "")
      : "There are no photos; choose JPEG, PNG, WebP or AVIF files, or a folder of them.";
  }

  private async read(): Promise<void> {
    if (this.reading) return;
    const { zoo, shots } = this;
    this.rows.forEach(({ thumbnail }) => URL.revokeObjectURL(thumbnail));
    [this.rows, this.failed, this.stopped, this.reading] = [[], new Map(), false, true];
    const stop = find("#batch-stop");
    try {
      const chosen = this.picker.chosen;
      const models = zoo.choose(chosen);
      if (!shots.length) throw new UserError("There are no photos; choose some first.");
      if (shots.length > site.mostPhotos) {
        throw new UserError(
          `${site.mostPhotos} photos can be read at once; choose fewer. Received: ${shots.length}`,
        );
      }
      stop.hidden = false;
      find("#batch-results").hidden = true;
      this.progress(0, shots);
      const backbones = [...new Set(models.map(({ backbone }) => backbone))];
      for (const backbone of backbones) {
        await zoo.load(backbone).catch((error: unknown) => this.failed.set(backbone, sentence(error)));
      }
      const left = backbones.filter((backbone) => !this.failed.has(backbone));
      if (!left.length) {
        throw new UserError(`None of the chosen models can be used. ${[...this.failed.values()].join(" ")}`);
      }
      for (const [number, shot] of shots.entries()) {
        if (this.stopped) break;
        this.progress(number, shots);
        const row: Row = { photo: shot.name, label: shot.label, predictions: [], reason: null, thumbnail: "" };
        try {
          const file = await shot.open();
          const squares = await zoo.decode(file, shot.name, left);
          for (const backbone of left) {
            const found = await zoo.read(backbone, squares, chosen.variants);
            row.predictions.push(...found.map(({ focus: _, ...prediction }) => prediction));
          }
          row.thumbnail = await thumbnail(file);
        } catch (error) {
          row.predictions = [];
          row.reason = sentence(error);
        }
        this.rows.push(row);
      }
      this.rows = mostDisputed(this.rows);
      this.show();
    } catch (error) {
      this.summary.replaceChildren(message(sentence(error)));
    } finally {
      this.reading = false;
      stop.hidden = true;
    }
  }

  private progress(done: number, shots: readonly Shot[]): void {
    this.summary.replaceChildren(
      h("section", { class: "verdict" },
        h("p", { class: "eyebrow" }, say("reading_of", { number: done + 1, photos: shots.length })),
        h("progress", { max: shots.length, value: done, "aria-label": say("progress") }),
        h("p", {}, shots[done]!.name)));
  }

  private models(): Model[] {
    const found: Model[] = [];
    for (const p of this.rows.flatMap((row) => row.predictions)) {
      if (!found.some((other) => sameModel(other, p))) found.push({ backbone: p.backbone, variant: p.variant });
    }
    return found;
  }

  private show(): void {
    const models = this.models();
    const head = h("tr", {},
      ...["photo", "label", "consensus"].map((text) => h("th", { scope: "col" }, text)),
      ...models.map(({ backbone, variant }) => h("th", { scope: "col" }, backboneName(backbone), h("br"),
        h("span", { class: "variant" }, variant))));
    const rows = this.rows.map((row, i) => this.row(row, i, models));
    find("#batch-table").replaceChildren(
      h("div", { class: "scroll tall", tabindex: 0, role: "region", "aria-label": say("table") },
        h("table", { class: "plain batch" }, h("thead", {}, head), h("tbody", {}, ...rows))),
      h("p", { class: "hint" }, `${say("disputed")}. ${say("rust")}`));
    this.judge();
  }

  /** All that depends on the labels. */
  private judge(): void {
    const standings = judge(this.rows);
    const read = this.rows.filter((row) => row.predictions.length);
    let head = say("batch", { photos: read.length, models: this.models().length });
    if (this.rows.length < this.shots.length) {
      head += say("stopped", { read: this.rows.length, photos: this.shots.length });
    }
    const { title, facts, look } = standings ? leader(standings) : agreement(read);
    const skipped = this.rows.flatMap((row) => row.reason ?? []);
    const notes = [...this.failed].map(([key, why]) => say("left_out", { backbone: backboneName(key), reason: why }));
    notes.push(...skipped.slice(0, 5));
    if (skipped.length > 5) notes.push(say("more_unreadable", { photos: skipped.length - 5 }));
    this.summary.replaceChildren(
      h("section", { class: "verdict", "aria-live": "polite", "data-look": look },
        h("p", { class: "eyebrow" }, head), h("h2", {}, title), h("ul", { class: "facts" }, ...facts)),
      ...notes.map((note) => h("p", { class: "failure", role: "alert" }, note)));
    find("#batch-scores").replaceChildren(...(standings ? scores(standings) : []));
    find("#batch-links").replaceChildren(
      h("p", { class: "downloads" }, download("photos.csv", "text/csv;charset=utf-8", toCsv(this.rows), say("csv"))));
    find("#batch-results").hidden = false;
  }

  private row(row: Row, number: number, models: readonly Model[]): HTMLTableRowElement {
    const short = row.photo.split("/").at(-1)!;
    const picture = row.thumbnail ? h("img", { alt: "", width: 44, height: 44, src: row.thumbnail }) : null;
    const photo = h("th", { scope: "row" },
      h("div", { class: "photo" }, picture, h("span", { title: row.photo }, short)));
    if (!row.predictions.length) {
      return h("tr", {}, photo, h("td", { colspan: 2 + models.length, class: "wrap" }, row.reason));
    }
    const summary = consensus(row.predictions);
    const select = h("select", { "data-row": number, "aria-label": say("label_of", { photo: row.photo }) },
      h("option", { value: "" }, "–"), ...site.classes.map((name) => h("option", {}, name)));
    select.value = row.label ?? "";
    const cells = models.map((model) => {
      const p = row.predictions.find((found) => sameModel(found, model));
      if (!p) return h("td", {}, "–");
      const wrong = label(p) !== (row.label ?? summary.label);
      const kind = wrong ? "wrong" : row.label === null ? null : "right";
      return h("td", { class: kind }, `${label(p)} `, h("small", {}, (100 * probability(p)).toFixed(0)));
    });
    return h("tr", {}, photo, h("td", {}, select),
      h("td", {}, `${summary.known ? summary.label : "none"} `,
        h("small", {}, `${(100 * summary.probability).toFixed(0)}, ${summary.agreement}/${summary.models}`)),
      ...cells);
  }
}

/** The batch in one look; only a model that is better by a test is crowned in colour. */
interface Shown {
  title: string;
  facts: HTMLElement[];
  look: string | null;
}

/** Who reads labelled photos best, as a title, and how sure that is. */
function leader(standings: Standings): Shown {
  const { title, facts, look } = leaderOf(standings, site.words);
  return { title, look, facts: facts.map((fact) => h("li", {}, ...emphasized(fact))) };
}

/** How far the models agree, where no photo has a label. */
function agreement(read: readonly Reading[]): Shown {
  if (!read.length) return { title: say("none_readable"), facts: [], look: null };
  const summaries = read.map((row) => consensus(row.predictions));
  const together = summaries.filter((s) => s.agreement === s.models).length;
  const counts = new Map<string, number>();
  for (const s of summaries) {
    const name = s.known ? s.label : site.unknown;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const order = [...counts].sort(([a, m], [b, n]) => Number(a === site.unknown) - Number(b === site.unknown) || n - m);
  const facts = order.map(([name, n]) => h("li", {}, h("b", {}, `${n}`), ` ${name}`));
  if (read.length === 1) return { title: say(together ? "one_agreed" : "one_split"), facts, look: null };
  return { title: say("agreed", { agreed: together, photos: read.length }), facts, look: null };
}

/** The accuracy of each model with its interval, best first, as bars on one scale. */
function scores({ scores: all }: Standings): HTMLElement[] {
  const ordered = [...all].sort((a, b) => b.accuracy - a.accuracy);
  return [
    h("h3", {}, say("accuracy")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Accuracy by model" },
      h("table", { class: "plain scores" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"),
          ...["right", "accuracy", "95\u202f% interval"].map((text) => h("th", { scope: "col", class: "num" }, text)),
          h("th", { scope: "col" }, h("span", { class: "sr" }, "drawn")))),
        h("tbody", {}, ...ordered.map((score) => h("tr", {},
          h("th", { scope: "row" }, ...nameOf(score)),
          h("td", { class: "num" }, `${score.correct} of ${score.photos}`),
          h("td", { class: "num" }, h("b", {}, percent(score.accuracy, 1))),
          h("td", { class: "num" }, `${percent(score.interval[0], 1)} to ${percent(score.interval[1], 1)}`),
          h("td", { class: "drawn" }, interval(score))))))),
  ];
}

function interval({ accuracy, interval: [low, high] }: Score): HTMLElement {
  const drawn = h("span", { class: "interval", "aria-hidden": "true" }, h("span", { class: "ends" }), h("span", { class: "dot" }));
  drawn.style.setProperty("--low", `${100 * low}%`);
  drawn.style.setProperty("--high", `${100 * high}%`);
  drawn.style.setProperty("--at", `${100 * accuracy}%`);
  return drawn;
}

/** One line per photo and model. */
export function toCsv(rows: readonly Reading[]): string {
  const lines: (string | number | boolean)[][] = [site.csvColumns];
  for (const row of rows) {
    const agreed = row.predictions.length ? consensus(row.predictions).label : "";
    for (const p of row.predictions) {
      lines.push([row.photo, row.label ?? "", agreed, p.backbone, p.variant, label(p),
        Number(probability(p).toFixed(5)), p.known ? "True" : "False", Number(p.milliseconds.toFixed(2))]);
    }
  }
  return lines.map((line) => line.map(field).join(",") + "\n").join("");
}

/** Text that a spreadsheet does not take for a formula, quoted where CSV needs it. */
function field(value: string | number | boolean): string {
  const text = typeof value === "string" && /^\s*[=+\-@]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function thumbnail(file: Blob): Promise<string> {
  const image = await createImageBitmap(file);
  const side = Math.min(image.width, image.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 88;
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, 88, 88);
  image.close();
  const small = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.82));
  return small ? URL.createObjectURL(small) : "";
}
