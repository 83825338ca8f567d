/** What the build took from the app, as JSON in the page: see `static/export.py`. */

import type { Empty } from "./difference_figure";
import type { Rules } from "./labels";
import type { Words } from "./looks";
import type { Model, Variant } from "./models";
import type { Limits } from "./photo";
import type { Prediction } from "./verdict";

export interface Entry {
  backbone: string;
  name: string;
  /** Whether weights of it lie on this web server. */
  available: boolean;
  /** Orders backbones from fast to slow. */
  cost: number;
}

export interface Example {
  name: string;
  shows: string;
  credit: string | null;
  /** Where the photo is from. */
  address: string | null;
  note: string | null;
  path: string;
}

/** A model's answer as it is kept with the page. */
interface StoredLook extends Omit<Prediction, "milliseconds"> {
  /** uint8[height, width, classes] in base64, of every class the share of its strongest place. */
  focus: { height: number; width: number; levels: string };
}

export interface Site {
  /** In the order of the app. */
  backbones: Entry[];
  /** Names of the classes of all backbones, in one order. */
  classes: string[];
  /** The words of verdicts. */
  words: Words;
  /** All other words that the app's page has too: see `flowers/page/words.py`. */
  text: Record<string, string>;
  /** The words for a photo that is none of the classes. */
  unknown: string;
  examples: Example[];
  /** What the models said of one of them when the page was built; null where nothing was read. */
  answered: { example: string; looks: StoredLook[] } | null;
  /** Colours of a focus map by its strength: stops from 0 to 1, red, green, blue;
   *  and how opaque the strongest is, and with which power of the strength that grows. */
  focus: { stops: number[]; colours: number[][]; strongest: number; fade: number };
  differences: Empty;
  /** Behind the point in downloads, by the name of a field; null for all of them. */
  digits: { fields: Record<string, number | null>; other: number };
  /** Photos to try many with; they lie in `samples/`. */
  samples: { name: string; label: string }[];
  labels: Rules;
  /** Names of files and folders that are left aside, in small letters: see `aside.ts`. */
  asideNames: string[];
  csvColumns: string[];
  suffixes: string[];
  photos: Limits;
  mostPhotos: number;
}

export const site: Site = JSON.parse(document.getElementById("site")!.textContent!) as Site;

/** The label of a photo that shows none of the classes. */
export const NONE = site.words.sentences["none_short"]!;

const names = new Map(site.backbones.map(({ backbone, name }) => [backbone, name]));

export function backboneName(key: string): string {
  return names.get(key) ?? key;
}

/** The name shown to people, as in "DenseNet121 finetuned". */
export function modelName({ backbone, variant }: Model): string {
  return `${backboneName(backbone)} ${variant}`;
}

/** Words of the app's page, with what stands between braces filled in. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  const text = site.text[key];
  if (text === undefined) throw new Error(`The app's page has no words ${key}.`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

export type Chosen = { backbones: string[]; variants: Variant[] };
