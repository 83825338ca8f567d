/** Backbones, variants, and the fields of `config.json` that reading a photo needs. */

export type Variant = "transfer" | "finetuned";

export interface Model {
  backbone: string;
  variant: Variant;
}

/** A model as one text. */
export function keyOf({ backbone, variant }: Model): string {
  return `${backbone} ${variant}`;
}

export interface Refusal {
  method: "background" | "neighbours";
  /** Below this P(known) a photo is none of the classes. */
  threshold: number;
  /** Sorted scores of validation photos; for "neighbours". */
  reference?: number[];
}

export interface VariantSettings {
  temperature: number;
  /** Of schema 1: below this calibrated top probability a photo is none of the classes. */
  unknown_threshold?: number;
  refusal?: Refusal | null;
}

export interface Config {
  schema_version: number;
  backbone: string;
  classes: string[];
  image_size: number;
  precision: string;
  variants: Partial<Record<Variant, VariantSettings>>;
  files: Record<string, { bytes: number; sha256: string }>;
}

export const VARIANTS: readonly Variant[] = ["transfer", "finetuned"];
export const ARTIFACT = "model.tflite";

/** What this program reads of `config.json`. */
export const SCHEMAS: readonly number[] = [1, 2];

/** One output of an artifact: float32 values in row-major order. */
export interface Output {
  shape: number[];
  values: Float32Array;
}

/** The artifact's outputs by name: `<variant>_probabilities`, `_focus`, and `_known` where it is. */
export type Outputs = Record<string, Output>;

/** A sentence for people: what was wrong, with what, and what to do. */
export class UserError extends Error {}
