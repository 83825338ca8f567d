/** The Your photos tab: many photos, every chosen model, and who reads them best. */

import { message } from "./answer";
import { batchAnswer } from "./answers";
import { takeDropped } from "./app_scripts";
import { Confusion } from "./confusion";
import { toCsv } from "./csv";
import { Differences } from "./differences";
import { counted, download, find, h } from "./elements";
import { Filters } from "./filters";
import { collect, type Collected, labels, samples, type Shot } from "./folders";
import { judge } from "./judge";
import type { DroppedLabel } from "./labels";
import { verdictOf } from "./looks";
import { type Model, UserError } from "./models";
import { sentence } from "./one_photo";
import { Opened } from "./opened";
import { PhotosTable, type Row } from "./photos_table";
import { Picker } from "./picker";
import { agreement, leader, refused, scores } from "./scores";
import { backboneName, type Chosen, say, site } from "./site";
import { TwoModels } from "./two_models";
import { consensus, mostDisputed, sameModel } from "./verdict";
import type { Zoo } from "./zoo";

export class Batch {
  private readonly picker = new Picker(find("#batch-choice"));
  private readonly summary = find("#batch-summary");
  private readonly problem = find("#batch-problem");
  private readonly buttons = ["#batch-start", "#batch-sample"].map((place) => find<HTMLButtonElement>(place));
  private readonly differences = new Differences(find("#batch-difference"));
  /** What was chosen. */
  private shots: Shot[] = [];
  /** What is said of files among those chosen that cannot be photos, and of those last read. */
  private aside: string[] = [];
  private notes: string[] = [];
  /** Of the batch that is shown. */
  private sent = 0;
  private rows: Row[] = [];
  private failed = new Map<string, string>();
  /** Folder names that are not classes, until they are taken for the classes suggested. */
  private dropped: DroppedLabel[] = [];
  private readonly meanings = find<HTMLButtonElement>("#batch-take");
  private readonly table: PhotosTable;
  private readonly filters: Filters;
  private readonly opened: Opened;
  private readonly confusion: Confusion;
  private readonly two: TwoModels;
  private reading = false;
  private stopped = false;

  constructor(private readonly zoo: Zoo) {
    for (const input of document.querySelectorAll<HTMLInputElement>("#batch-input input[type=file]")) {
      input.addEventListener("change", async () => {
        this.take(await collect([...(input.files ?? [])]));
        input.value = "";
      });
    }
    takeDropped(find("#batch-drop"), (dropped) => void collect(dropped).then((found) => this.take(found)));
    this.buttons[0]!.addEventListener("click", () => void this.read(this.shots));
    this.buttons[1]!.addEventListener("click", () => void this.read(samples()));
    this.meanings.addEventListener("click", () => this.takeMeanings());
    find("#batch-stop").addEventListener("click", () => (this.stopped = true));
    this.table = new PhotosTable(find("#batch-table"), {
      open: (number) => void this.opened.open(number),
      labelled: () => {
        this.filters.count();
        this.opened.showLabel();
        this.judge();
      },
    });
    this.filters = new Filters(find("#batch-filters"), this.table);
    this.opened = new Opened(zoo, this.table);
    this.confusion = new Confusion(find("#batch-confusion"), (model, labelled, reads) => {
      const first = this.filters.cell(model, labelled, reads);
      if (first !== undefined) void this.opened.open(first);
    });
    this.two = new TwoModels(find("#batch-two"), (number, pair, among) =>
      void this.opened.open(number, { pair, among }));
  }

  private take({ shots, aside }: Collected): void {
    if (this.reading) return;
    this.shots = shots;
    this.problem.replaceChildren();
    this.ready();
    const labelled = shots.filter((shot) => shot.label !== null).length;
    const said = shots.length
      ? `${counted(shots.length, "photo")}${labelled ? `, ${labelled} labelled by their folders` : ""}.`
      : "There are no photos; choose JPEG, PNG, WebP or AVIF files, or a folder of them.";
    this.aside = aside ? [`${say("left_aside", { files: aside })}.`] : [];
    find("#batch-files").textContent = [said, ...this.aside].join(" ");
  }

  /** Buttons can be used where that does something. */
  private ready(): void {
    const [start, sample] = this.buttons;
    start!.disabled = this.reading || !this.shots.length;
    sample!.disabled = this.reading;
    find("#batch-stop").hidden = !this.reading;
  }

  private async read(chosenShots: readonly Shot[]): Promise<void> {
    if (this.reading) return;
    const { zoo } = this;
    const chosen = this.picker.chosen;
    const models = this.allowed(chosen, chosenShots.length);
    if (!models) return;
    const shots = shuffled(chosenShots); // One that is stopped has photos of all classes.
    this.rows.forEach(({ thumbnail }) => URL.revokeObjectURL(thumbnail));
    [this.rows, this.failed, this.stopped, this.reading] = [[], new Map(), false, true];
    this.sent = shots.length;
    this.notes = chosenShots === this.shots ? this.aside : [];
    this.ready();
    try {
      find("#batch-results").hidden = this.meanings.hidden = true;
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
        const row: Row = {
          photo: shot.name, label: shot.label, predictions: [], reason: null, thumbnail: "", shot,
          summary: null, verdict: null,
        };
        try {
          const file = await shot.open();
          const squares = await zoo.decode(file, shot.name, left);
          for (const backbone of left) {
            const found = await zoo.read(backbone, squares, chosen.variants);
            row.predictions.push(...found.map(({ focus: _, ...prediction }) => prediction));
          }
          row.summary = consensus(row.predictions);
          row.verdict = verdictOf(row.predictions, site.words);
          row.thumbnail = await thumbnail(file);
        } catch (error) {
          [row.predictions, row.summary, row.verdict] = [[], null, null];
          row.reason = sentence(error);
        }
        this.rows.push(row);
      }
      this.rows = mostDisputed(this.rows);
      this.dropped = labels.dropped(shots.map(({ folder }) => folder));
      this.show();
    } catch (error) {
      this.summary.replaceChildren(message(sentence(error)));
    } finally {
      this.reading = false;
      this.ready();
    }
  }

  /** The chosen models; null, with the reason on the page, where so many photos are not read by them. */
  private allowed(chosen: Chosen, photos: number): Model[] | null {
    this.problem.replaceChildren();
    try {
      const models = this.zoo.choose(chosen);
      if (photos <= site.mostPhotos) return models;
      throw new UserError(
        `${site.mostPhotos} photos can be read at once; choose fewer. Received: ${photos}`,
      );
    } catch (error) {
      // Beside what was read before, which is still to be labelled and downloaded.
      this.problem.append(h("p", { class: "failure", role: "alert" }, sentence(error)));
      return null;
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
    this.table.show(this.rows, models);
    this.filters.show(this.rows, models);
    this.opened.rows = this.rows;
    this.judge();
  }

  /** Label the photos of folders with the classes that their names may mean. */
  private takeMeanings(): void {
    const meant = new Map(this.dropped.map(({ folder, suggestion }) => [folder, suggestion]));
    for (const row of this.rows) row.label ??= meant.get(row.shot.folder ?? "") ?? null;
    this.dropped = this.dropped.filter(({ suggestion }) => suggestion === null);
    this.show();
  }

  /** All that depends on the labels. */
  private judge(): void {
    const standings = judge(this.rows, site.words);
    const read = this.rows.filter((row) => row.predictions.length);
    let head = say("batch", { photos: counted(read.length, "photo"), models: counted(this.models().length, "model") });
    if (this.rows.length < this.sent) head += say("stopped", { read: this.rows.length, photos: counted(this.sent, "photo") });
    const { title, facts, look } = standings ? leader(standings) : agreement(read);
    const skipped = this.rows.flatMap((row) => row.reason ?? []);
    const leftOut = [...this.failed].map(([key, why]) => say("left_out", { backbone: backboneName(key), reason: why }));
    const notes = [...leftOut];
    notes.push(...skipped.slice(0, 5));
    if (skipped.length > 5) notes.push(say("more_unreadable", { photos: counted(skipped.length - 5, "more photo") }));
    notes.push(...this.dropped.map((found) => labels.sentence(found)));
    const taken = this.dropped.flatMap(({ folder, suggestion }) =>
      suggestion === null ? [] : [say("meaning", { folder, name: suggestion })]);
    this.meanings.hidden = !taken.length;
    this.meanings.textContent = say("take_meanings", { meanings: taken.join(", ") });
    this.summary.replaceChildren(
      h("section", { class: "verdict", "aria-live": "polite", "data-look": look },
        ...(read.length ? [h("p", { class: "eyebrow" }, head)] : []), h("h2", {}, title), h("ul", { class: "facts" }, ...facts)),
      ...notes.map((note) => h("p", { class: "failure", role: "alert" }, note)));
    find("#batch-scores").replaceChildren(...(standings ? scores(standings) : []));
    this.differences.show(standings);
    this.confusion.show(this.rows, standings);
    this.two.show(this.rows, standings);
    find("#batch-refusals").replaceChildren(...refused(this.rows));
    find("#batch-links").replaceChildren(h("p", { class: "downloads" },
      download("photos.csv", "text/csv;charset=utf-8", toCsv(this.rows), say("csv")),
      download("photos.json", "application/json", batchAnswer(this.rows, standings, this.dropped, [...leftOut, ...this.notes]), say("json"))));
    find("#batch-results").hidden = false;
  }
}

function shuffled<T>(given: readonly T[]): T[] {
  return given.map((each) => ({ each, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ each }) => each);
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
