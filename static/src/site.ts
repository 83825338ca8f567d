/** What the build took from the app, as JSON in the page: see `static/export.py`. */

import type { Figure } from "./charts";
import type { Words } from "./looks";
import type { Model, Variant } from "./models";

export interface Entry {
  backbone: string;
  name: string;
  /** Whether weights of it lie on this web server. */
  available: boolean;
  /** Orders backbones from fast to slow. */
  cost: number;
}

export interface Site {
  /** In the order of the app. */
  backbones: Entry[];
  /** Names of the classes of all backbones, in one order. */
  classes: string[];
  /** The words of verdicts. */
  words: Words;
  /** The words for a photo that is none of the classes. */
  unknown: string;
  examples: { name: string; caption: string; path: string }[];
  figures: Record<string, Figure>;
  /** A string is HTML of the app. */
  choices: Record<string, Record<string, Record<string, Figure | string | null>>>;
  /** Colours of a focus map by its strength: stops from 0 to 1, red, green, blue. */
  focus: { stops: number[]; colours: number[][]; strongest: number };
  csvColumns: string[];
  suffixes: string[];
  mostPhotos: number;

}

export const site: Site = JSON.parse(document.getElementById("site")!.textContent!) as Site;

const names = new Map(site.backbones.map(({ backbone, name }) => [backbone, name]));

export function backboneName(key: string): string {
  return names.get(key) ?? key;
}

/** The name shown to people, as in "DenseNet121 finetuned". */
export function modelName({ backbone, variant }: Model): string {
  return `${backboneName(backbone)} ${variant}`;
}

export const ABOUT_UNSURE = "below this model's threshold for a flower it knows";

export type Chosen = { backbones: string[]; variants: Variant[] };
