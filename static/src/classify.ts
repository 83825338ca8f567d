/** The Classify tab: one photo, every chosen model, side by side. */

import { write } from "./address";
import { message } from "./answer";
import { answeredExample, answeredLooks } from "./answered";
import { takeDropped } from "./app_scripts";
import { camera } from "./camera";
import { find, h } from "./elements";
import { OnePhoto, type Shown } from "./one_photo";
import { Picker } from "./picker";
import { type Example, say, site } from "./site";
import type { Look, Zoo } from "./zoo";

/** A photo in its place. */
interface Placed extends Shown {
  /** The example that it is; null for a photo of the visitor's own. */
  example: string | null;
  /** Whether that stands in the address. */
  named: boolean;
}

/** What was there before a photo: a photo with what was said of it, and what was before that. */
interface Before {
  shown: Placed | null;
  looks: readonly Look[];
  credit: Node[];
  before: Before | null;
}

export class Classify {
  private readonly picker = new Picker(find("#choice-column"));
  private readonly place = find("#answer");
  private readonly credit = find("#photo-credit");
  private readonly problem = find("#photo-problem");
  private readonly preview = find<HTMLImageElement>("#photo img");
  private readonly photo: OnePhoto;
  private shown: Placed | null = null;
  /** To go back to; null once what is shown was read. */
  private before: Before | null = null;
  /** The visitor's own photos, by what the entries of the history call them. */
  private readonly own = new Map<number, Blob>();
  /** Of what is shown: the last one that was asked for wins. */
  private turn = 0;

  constructor(private readonly zoo: Zoo) {
    window.addEventListener("popstate", () => void this.open());
    this.photo = new OnePhoto(zoo, this.place);
    const input = find<HTMLInputElement>("#photo-file");
    input.addEventListener("change", () => {
      if (input.files?.[0]) void this.showOwn(input.files[0]);
      input.value = ""; // So that the same photo can be chosen anew.
    });
    find("#photo-remove").addEventListener("click", () => this.clear());
    camera((file) => void this.showOwn(file));
    takeDropped(find("#photo"), ({ files: [file] }) => void (file && this.showOwn(file)));
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file && !find("#panel-classify").hidden) void this.showOwn(file);
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>("#examples button")) {
      button.addEventListener("click", () => void this.example(button.dataset.example!, true, true));
    }
    find("#share").addEventListener("click", () => this.share());
    this.picker.onChange(() => {
      this.remember();
      void this.read();
    });
  }

  /**
   * Show what the address and the history ask for, else the example that is answered; done when that
   * is read.
   */
  async open(): Promise<void> {
    const query = new URLSearchParams(location.search);
    const before = JSON.stringify(this.picker.chosen);
    for (const name of ["backbone", "variant"] as const) {
      this.picker.choose(name, query.get(`${name}s`)?.toLowerCase().split(",") ?? null);
    }
    const own = this.own.get((history.state as Entry | null)?.photo ?? NaN);
    const wanted = site.examples.find(({ name }) => name === query.get("example"))?.name;
    const example = own ? null : wanted ?? answeredExample;
    const same = own ? this.shown?.file === own : this.shown !== null && this.shown.example === example;
    if (same) {
      if (JSON.stringify(this.picker.chosen) !== before) await this.read();
    } else if (own) await this.show(own, nameOf(own));
    else if (example) await this.example(example, wanted !== undefined);
  }

  /** Say how much of a backbone has arrived. */
  progress(backbone: string, share: number): void {
    this.photo.progress(backbone, share);
  }

  /**
   * Show an example; where nobody asked for it, it does not stand in the address. With `push`, Back
   * leads to what was there.
   */
  private async example(name: string, named: boolean, push = false): Promise<void> {
    const found = site.examples.find((example) => example.name === name)!;
    const turn = ++this.turn;
    const response = await fetch(found.path).catch(() => null);
    if (turn !== this.turn) return;
    if (!response?.ok) {
      if (!named) return;
      this.photo.clear();
      this.place.replaceChildren(message("This example cannot be fetched; connect to the internet."));
      return;
    }
    const file = await response.blob();
    if (turn !== this.turn) return;
    if (push) this.remember(name, null);
    const read = this.show(file, found.shows, name, named);
    this.credit.replaceChildren(...creditOf(found));
    await read;
  }

  /** Show a photo of the visitor's own; Back leads to what was there. */
  private async showOwn(file: Blob): Promise<void> {
    const [before, address] = [history.state as unknown, location.href];
    const photo = Math.random();
    this.own.set(photo, file);
    this.remember(null, { photo });
    if (await this.show(file, nameOf(file))) return;
    this.own.delete(photo);
    if ((history.state as Entry | null)?.photo === photo) history.replaceState(before, "", address);
  }

  /** Show a photo; where it cannot be read, what was there stays, and false is returned. */
  private async show(file: Blob, name: string, example: string | null = null, named = false): Promise<boolean> {
    const turn = ++this.turn;
    let before: Before | null = this.before = {
      shown: this.shown, looks: this.photo.looks, credit: [...this.credit.childNodes], before: this.before,
    };
    this.put({ file, name, example, named, address: URL.createObjectURL(file) });
    this.credit.replaceChildren();
    this.problem.replaceChildren();
    let problem = await this.read();
    const readable = problem === null;
    const problems: string[] = [];
    // What was there may not have been read yet, and may not be a photo either.
    for (; turn === this.turn && problem !== null && before?.shown; before = before.before) {
      problems.push(problem);
      URL.revokeObjectURL(this.shown!.address);
      this.put(before.shown);
      this.before = before.before;
      this.credit.replaceChildren(...before.credit);
      this.problem.replaceChildren(...problems.map((text) => h("p", { class: "failure", role: "alert" }, text)));
      problem = await this.read(before.looks);
    }
    if (turn !== this.turn) return readable;
    this.before = null;
    if (problem !== null) {
      URL.revokeObjectURL(this.shown!.address);
      this.put(null); // The sentence stands in its place.
    }
    for (; before?.shown; before = before.before) URL.revokeObjectURL(before.shown.address);
    return readable;
  }

  private put(shown: Placed | null): void {
    this.shown = shown;
    find("#photo").classList.toggle("filled", shown !== null);
    if (shown) this.preview.src = shown.address;
    else this.preview.removeAttribute("src");
  }

  private clear(): void {
    this.turn++;
    this.before = null;
    this.put(null);
    this.photo.clear();
    this.credit.replaceChildren();
    this.problem.replaceChildren();
    this.remember(null, null);
    this.place.replaceChildren(find<HTMLTemplateElement>("#no-photo").content.cloneNode(true));
  }

  /** Returns why the photo cannot be read, where it cannot. */
  private async read(known?: readonly Look[]): Promise<string | null> {
    if (!this.shown) return null;
    const { example } = this.shown;
    const problem = await this.photo.read(this.shown, this.picker.chosen, known ?? answeredLooks(example));
    if (this.zoo.engine) find("#engine").textContent = this.zoo.engine;
    return problem;
  }

  /**
   * Put an example and the choice into the address; what is there anyway does not stand in it. With an
   * entry for the history, Back leads to what was there.
   */
  private remember(example = this.shown?.named ? this.shown.example : null, entry?: Entry | null): void {
    const { backbones, variants } = this.picker.chosen;
    const changes = {
      backbones: this.picker.all("backbone") ? null : backbones.join(",") || "none",
      variants: this.picker.all("variant") ? null : variants.join(",") || "none",
      example,
    };
    if (entry === undefined) write(changes);
    else write(changes, true, entry);
  }

  /** Show the address, to be copied. */
  private share(): void {
    const link = find<HTMLInputElement>("#link");
    link.hidden = false;
    link.value = location.href;
    link.select();
  }
}

/** What an entry of the history knows: the own photo that it shows. */
interface Entry {
  photo: number;
}

function nameOf(file: Blob): string {
  return (file instanceof File && file.name) || "The photo";
}

/** What an example shows, and whose it is. */
function creditOf({ name, shows, credit, address, note }: Example): (string | HTMLElement)[] {
  const found: (string | HTMLElement)[] = [`${shows}.`];
  if (note) found.push(` ${note}.`);
  if (name === answeredExample) found.push(" What the models say of it came with the page.");
  if (credit) {
    found.push(` ${say("photo_by", { credit: "" })}`, address ? h("a", { href: address, rel: "noreferrer" }, credit) : credit);
  }
  return found;
}
