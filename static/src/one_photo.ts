/** One photo, read by one model after another into a place of the page, with its focus maps. */

import { type Answer, answer, message } from "./answer";
import { h } from "./elements";
import { type Model, UserError } from "./models";
import { type Chosen, say } from "./site";
import { sameModel } from "./verdict";
import type { Look, Zoo } from "./zoo";

export interface Shown {
  file: Blob;
  name: string;
  /** Of the file, for the page itself. */
  address: string;
}

export class OnePhoto {
  private turn = 0;
  private shown: Shown | null = null;
  private given: Answer | null = null;
  private shape: [number, number] = [1, 1];
  private readonly status = new Map<string, string>();
  /** The class whose focus maps are shown; none for what each model answered. */
  private focus: string | null = null;

  /** `drawn` is told what was shown, and the width and height of the photo. */
  constructor(
    private readonly zoo: Zoo, private readonly place: HTMLElement,
    private readonly drawn: (looks: readonly Look[], shape: [number, number]) => void = () => undefined,
  ) {
    place.addEventListener("click", (event) => {
      const chosen = (event.target as Element).closest<HTMLElement>("[data-focus]");
      if (!chosen) return;
      this.focus = chosen.dataset.focus || null;
      this.draw();
      place.querySelector<HTMLElement>('[data-focus][aria-pressed="true"]')?.focus();
    });
  }

  /** Say how much of a backbone has arrived. */
  progress(backbone: string, share: number): void {
    this.status.set(backbone, `fetching, ${(100 * share).toFixed(0)} %`);
    if (this.given?.pending.length) this.draw();
  }

  /** What models have said so far of the photo that is shown. */
  get looks(): readonly Look[] {
    return this.given?.looks ?? [];
  }

  /** Read nothing more, and show nothing. */
  clear(): void {
    this.turn++;
    [this.shown, this.given, this.focus] = [null, null, null];
    this.place.replaceChildren();
  }

  /**
   * Have the chosen models read a photo, less those that said already what they `know` of it; the
   * last photo and choice win. Returns why the photo cannot be read, where it cannot.
   */
  async read(shown: Shown, chosen: Chosen, known: readonly Look[] = []): Promise<string | null> {
    const { zoo } = this;
    const turn = ++this.turn;
    const current = (): boolean => turn === this.turn;
    if (shown !== this.shown) this.focus = null;
    this.shown = shown;
    const given: Answer = { looks: [], pending: [], failed: new Map(), status: this.status };
    this.given = given;
    let models: Model[];
    try {
      models = zoo.choose(chosen);
    } catch (error) {
      this.given = null;
      this.place.replaceChildren(message(sentence(error)));
      return null;
    }
    try {
      given.looks = models.flatMap((model) => known.find((look) => sameModel(look, model)) ?? []);
      given.pending = models.filter((model) => !given.looks.some((look) => sameModel(look, model)));
      if (given.looks.length) {
        const shape = await shapeOf(shown.address);
        if (!current()) return null;
        this.shape = shape;
      }
      if (!given.pending.length) {
        this.draw();
        return null;
      }
      const backbones = [...new Set(given.pending.map(({ backbone }) => backbone))];
      this.draw();
      // Fetched while the photo is decoded.
      void zoo.load(backbones[0]!).catch(() => undefined);
      const squares = await zoo.decode(shown.file, shown.name, backbones);
      const shape = await shapeOf(shown.address);
      if (!current()) return null;
      this.shape = shape;
      for (const backbone of backbones) {
        try {
          if (!zoo.loaded(backbone)) {
            this.status.set(backbone, "loading…");
            this.draw();
            await zoo.load(backbone);
            if (!current()) return null;
          }
          this.status.delete(backbone);
          const looks = await zoo.read(backbone, squares, chosen.variants);
          given.looks.push(...looks);
        } catch (error) {
          given.failed.set(backbone, sentence(error));
        }
        if (!current()) return null;
        given.pending = given.pending.filter((model) => model.backbone !== backbone);
        this.draw();
      }
      await zoo.tryGpu(squares);
      return null;
    } catch (error) {
      if (!current()) return null;
      this.given = null;
      this.place.replaceChildren(message(sentence(error), say("unreadable")));
      return sentence(error);
    }
  }

  private draw(): void {
    const { given, shown } = this;
    if (!given || !shown) return;
    this.place.replaceChildren(...answer(given, shown.address, this.shape, this.focus));
    this.drawn(given.looks, this.shape);
  }
}

/** Width and height of a photo as the page shows it, upright. */
async function shapeOf(address: string): Promise<[number, number]> {
  const image = h("img", { src: address });
  await image.decode().catch(() => undefined);
  return [image.naturalWidth || 1, image.naturalHeight || 1];
}

export function sentence(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return `Something went wrong that should not; please report it. Received: ${error}`;
}
