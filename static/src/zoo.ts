/** The models of this page: which there are, and what they say of a photo. */

import { type Config, type Model, type Output, SCHEMAS, UserError, type Variant, VARIANTS } from "./models";
import { readPhoto } from "./photo";
import { Reader } from "./reader";
import { backboneName, type Chosen, type Entry, site } from "./site";
import { type Prediction, predictions } from "./verdict";

const SMALL = 200_000;
/** Bytes of a photo that takes no time to decode which a visitor would notice. */

/** A prediction with its focus maps: float32[h, w, classes]. */
export interface Look extends Prediction {
  focus: { height: number; width: number; values: Float32Array };
}

export class Zoo {
  private readonly reader: Reader;
  private readonly configs = new Map<string, Promise<Config>>();
  private readonly loading = new Map<string, Promise<void>>();
  private readonly ready = new Set<string>();
  private readonly onGpu = new Set<string>();
  private readonly triedGpu = new Set<string>();
  /** What runs the models but those on WebGPU, for people; empty until it is known. */
  private runtime = "";
  /** What runs the models is there. */
  readonly started: Promise<void>;

  /** `progress` is told the share of a backbone that has arrived. */
  constructor(progress: (backbone: string, share: number) => void) {
    this.reader = new Reader(progress);
    this.started = this.reader.ask("start", { base: new URL(".", document.baseURI).href }).then((found) => {
      this.runtime =
        found.threads > 1 ? `WebAssembly, ${found.threads} threads` : "WebAssembly, one thread";
    });
    this.started.catch(() => undefined); // Whoever needs it says why it failed.
  }

  /** What this device runs the models on, for people; empty until it is known. */
  get engine(): string {
    const faster = [...this.onGpu].map(backboneName).join(", ");
    return this.runtime && faster ? `${this.runtime}; WebGPU for ${faster}` : this.runtime;
  }

  /** The models of a choice, fast backbones first. Throws `UserError` for none. */
  choose({ backbones, variants }: Chosen): Model[] {
    const usable = usableOf(backbones);
    const models = usable.flatMap(({ backbone }) =>
      VARIANTS.filter((variant) => variants.includes(variant)).map((variant) => ({ backbone, variant })),
    );
    if (!models.length) {
      throw new UserError("No model is chosen; choose at least one backbone and one variant.");
    }
    return models;
  }

  /** Start to load the backbone that will be the first to read, of these or of all. */
  expect(backbones: readonly string[] | null): void {
    const [first] = usableOf(backbones);
    if (first) void this.load(first.backbone).catch(() => undefined);
  }

  config(backbone: string): Promise<Config> {
    const found = this.configs.get(backbone) ?? readConfig(backbone);
    this.configs.set(backbone, found);
    found.catch(() => this.configs.delete(backbone));
    return found;
  }

  loaded(backbone: string): boolean {
    return this.ready.has(backbone);
  }

  /** Fetch, check and load a backbone, once. Throws `UserError`. */
  load(backbone: string): Promise<void> {
    const found =
      this.loading.get(backbone) ??
      (async () => {
        const config = await this.config(backbone);
        await this.reader.ask("load", { config });
        this.ready.add(backbone);
      })();
    this.loading.set(backbone, found);
    found.catch(() => this.loading.delete(backbone));
    return found;
  }

  /** Decode a photo for these backbones: uint8[size, size, 3] by size. Throws `UserError`. */
  async decode(file: Blob, name: string, backbones: Iterable<string>): Promise<Map<number, Uint8Array>> {
    const configs = await Promise.all([...backbones].map((key) => this.config(key).catch(() => null)));
    const sizes = [...new Set(configs.flatMap((config) => config?.image_size ?? []))];
    const asked = sizes.length ? sizes : [224];
    // A small one here, where it waits for nothing, as the worker may be loading models.
    const squares = file.size <= SMALL
      ? await readPhoto(file, name, asked, site.photos)
      : await this.reader.ask("decode", { file, name, sizes: asked, limits: site.photos });
    return new Map(sizes.map((size, i) => [size, squares[i]!]));
  }

  /** What a loaded backbone's variants say of a decoded photo. */
  async read(backbone: string, squares: Map<number, Uint8Array>, variants: readonly Variant[]): Promise<Look[]> {
    const config = await this.config(backbone);
    const square = squares.get(config.image_size)!;
    const { outputs, milliseconds } = await this.reader.ask("read", { backbone, square });
    return predictions(config, outputs, milliseconds)
      .filter(({ variant }) => variants.includes(variant))
      .map((p) => ({ ...p, focus: focusOf(outputs[`${p.variant}_focus`]!) }));
  }

  /** Turn loaded backbones to WebGPU where that says the same of this photo, and is quicker. */
  async tryGpu(squares: Map<number, Uint8Array>): Promise<void> {
    for (const backbone of this.ready) {
      if (this.triedGpu.has(backbone)) continue;
      this.triedGpu.add(backbone);
      const config = await this.config(backbone);
      const square = squares.get(config.image_size);
      if (!square) continue;
      if ((await this.reader.ask("tryGpu", { config, square })) === "webgpu") this.onGpu.add(backbone);
    }
  }

  /** Let go of kept weights that are no longer on the web server. */
  async tidy(): Promise<void> {
    const available = site.backbones.filter((entry) => entry.available);
    const configs = await Promise.all(available.map(({ backbone }) => this.config(backbone)));
    const hashes = configs.flatMap(({ files }) => files["model.tflite"]?.sha256 ?? []);
    await this.reader.ask("tidy", { hashes });
  }
}

/** Those of the backbones that have weights here, fast ones first; of all where null. */
function usableOf(backbones: readonly string[] | null): Entry[] {
  return site.backbones
    .filter((entry) => entry.available && (backbones?.includes(entry.backbone) ?? true))
    .sort((a, b) => a.cost - b.cost);
}

async function readConfig(backbone: string): Promise<Config> {
  let response: Response;
  try {
    response = await fetch(`weights/${backbone}/config.json`);
  } catch {
    throw new UserError(
      `${backboneName(backbone)} was never fetched; connect to the internet once, after that it ` +
        "works without.",
    );
  }
  if (!response.ok) throw new UserError(`${backbone}/config.json is missing. Received: ${response.status}`);
  const config = (await response.json()) as Config;
  if (!SCHEMAS.includes(config.schema_version)) {
    throw new UserError(
      `${backbone}/config.json has schema version ${config.schema_version} and this page reads ` +
        `${SCHEMAS.join(" and ")}; build the page anew.`,
    );
  }
  return config;
}

function focusOf({ shape, values }: Output): Look["focus"] {
  const [height, width] = shape.slice(-3) as [number, number, number];
  return { height, width, values };
}
