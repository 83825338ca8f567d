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

export class Classify {
  private readonly picker = new Picker(find("#choice-column"));
  private readonly place = find("#answer");
  private readonly credit = find("#photo-credit");
  private readonly problem = find("#photo-problem");
  private readonly preview = find<HTMLImageElement>("#photo img");
  private readonly photo: OnePhoto;
  /** With the example that it is, and whether that stands in the address. */
  private shown: (Shown & { example: string | null; named: boolean }) | null = null;
  /** Of what is shown: the last one that was asked for wins. */
  private turn = 0;

  constructor(private readonly zoo: Zoo) {
    this.photo = new OnePhoto(zoo, this.place);
    const input = find<HTMLInputElement>("#photo-file");
    input.addEventListener("change", () => {
      if (input.files?.[0]) void this.show(input.files[0], input.files[0].name);
      input.value = ""; // So that the same photo can be chosen anew.
    });
    find("#photo-remove").addEventListener("click", () => this.clear());
    camera((file) => void this.show(file, "The photo"));
    takeDropped(find("#photo"), ({ files: [file] }) => void (file && this.show(file, file.name)));
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file && !find("#panel-classify").hidden) void this.show(file, file.name || "The photo");
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>("#examples button")) {
      button.addEventListener("click", () => void this.example(button.dataset.example!));
    }
    find("#share").addEventListener("click", () => this.share());
    this.picker.onChange(() => {
      this.remember();
      void this.read();
    });
  }

  /** Show what the page's link asks for, else the example that is answered; done when that is read. */
  async open(query: URLSearchParams): Promise<void> {
    for (const name of ["backbone", "variant"] as const) {
      const wanted = query.get(`${name}s`);
      if (wanted !== null) this.picker.choose(name, wanted.split(","));
    }
    const wanted = query.get("example");
    if (wanted && site.examples.some(({ name }) => name === wanted)) await this.example(wanted);
    else if (answeredExample) await this.example(answeredExample, false);
  }

  /** Say how much of a backbone has arrived. */
  progress(backbone: string, share: number): void {
    this.photo.progress(backbone, share);
  }

  /** Show an example; where nobody asked for it, it does not stand in the address. */
  private async example(name: string, named = true): Promise<void> {
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
    const read = this.show(file, found.shows, name, named);
    this.credit.replaceChildren(...creditOf(found));
    await read;
  }

  private async show(
    file: Blob, name: string, example: string | null = null, named = example !== null,
  ): Promise<void> {
    const turn = ++this.turn;
    const [before, looks, credit] = [this.shown, this.photo.looks, [...this.credit.childNodes]];
    this.put({ file, name, example, named, address: URL.createObjectURL(file) });
    this.credit.replaceChildren();
    this.problem.replaceChildren();
    const reading = this.read();
    if (named || !example) this.remember();
    const problem = await reading;
    if (problem === null || turn !== this.turn) {
      if (before) URL.revokeObjectURL(before.address);
      return;
    }
    // What was there stays, as in the app; without anything the sentence stands in its place.
    this.put(before);
    this.remember();
    if (!before) return;
    this.credit.replaceChildren(...credit);
    this.problem.replaceChildren(h("p", { class: "failure", role: "alert" }, problem));
    await this.read(looks);
  }

  private put(shown: Classify["shown"]): void {
    this.shown = shown;
    find("#photo").classList.toggle("filled", shown !== null);
    if (shown) this.preview.src = shown.address;
    else this.preview.removeAttribute("src");
  }

  private clear(): void {
    this.turn++;
    this.put(null);
    this.photo.clear();
    this.credit.replaceChildren();
    this.problem.replaceChildren();
    this.remember();
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

  /** Put what is shown into the address; what is there anyway does not stand in it. */
  private remember(): void {
    const { backbones, variants } = this.picker.chosen;
    write({
      backbones: this.picker.all("backbone") ? null : backbones.join(",") || "none",
      variants: this.picker.all("variant") ? null : variants.join(",") || "none",
      example: this.shown?.named ? this.shown.example : null,
    });
  }

  /** Show the address, to be copied. */
  private share(): void {
    const link = find<HTMLInputElement>("#link");
    link.hidden = false;
    link.value = location.href;
    link.select();
  }
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
