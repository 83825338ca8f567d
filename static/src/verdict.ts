/** What the models say of a photo: the rules of `flowers/models`, pinned by shared test vectors. */

import { type Config, type Model, type Outputs, type Refusal, VARIANTS } from "./models";

/** What one model says of one photo. */
export interface Prediction extends Model {
  classes: readonly string[];
  /** Calibrated. */
  probabilities: number[];
  known: boolean;
  /** P(known); null for weights that have no score of it. */
  pKnown: number | null;
  /** Of the pass through the backbone, which serves both variants; null where another device made it. */
  milliseconds: number | null;
}

export function label(p: Prediction): string {
  return p.classes[p.probabilities.indexOf(probability(p))]!;
}

export function probability(p: Prediction): number {
  return Math.max(...p.probabilities);
}

/** The predictions of all variants from the outputs of one pass through a backbone. */
export function predictions(config: Config, outputs: Outputs, milliseconds: number): Prediction[] {
  return VARIANTS.filter((variant) => config.variants[variant]).map((variant) => {
    const settings = config.variants[variant]!;
    const raw = outputs[`${variant}_probabilities`]!.values;
    const probabilities = calibrate([...raw], settings.temperature);
    const score = outputs[`${variant}_known`]?.values[0];
    const refusal = settings.refusal ?? null;
    const pKnown = refusal ? knownProbability(score!, refusal) : null;
    const known =
      pKnown === null
        ? Math.max(...probabilities) >= (settings.unknown_threshold ?? 0)
        : pKnown >= refusal!.threshold;
    const { backbone, classes } = config;
    return { backbone, variant, classes, probabilities, known, pKnown, milliseconds };
  });
}

/** Temperature scaling of probabilities (Guo et al. 2017). */
export function calibrate(raw: readonly number[], temperature: number): number[] {
  const logits = raw.map((p) => Math.log(Math.max(p, 1e-12)) / temperature);
  const most = Math.max(...logits);
  const scaled = logits.map((x) => Math.exp(x - most));
  const sum = scaled.reduce((a, b) => a + b, 0);
  return scaled.map((x) => x / sum);
}

/**
 * P(known) of a photo, from the score that an artifact gives it.
 *
 * For "background" that is the score; for "neighbours" the share of reference photos whose score is
 * not above it, a conformal p-value (Vovk et al. 2005).
 */
export function knownProbability(score: number, refusal: Refusal): number {
  if (refusal.method === "background") return Math.min(1, Math.max(0, score));
  const reference = refusal.reference!;
  return reference.filter((other) => other <= score).length / reference.length;
}

export function sameModel(a: Model, b: Model): boolean {
  return a.backbone === b.backbone && a.variant === b.variant;
}

/** One order for all: the classes of the first list, then what other lists add. */
export function classOrder(lists: Iterable<readonly string[]>): string[] {
  return [...new Set([...lists].flat())];
}

/** What the chosen models say together of one photo. */
export interface Consensus {
  /** The class that most models have on top; of equal ones the more probable. */
  label: string;
  /** Its mean calibrated probability; see `pooled`. */
  probability: number;
  agreement: number;
  models: number;
  known: boolean;
  /** Mean over the models that have one. */
  pKnown: number | null;
}

/** Probability that every class has at least in a pool, so that no model alone rules one out. */
const LEAST = 1e-4;

/** What the models give to each class together: geometric means, which add up to 1. */
export function pooled(found: readonly Prediction[]): Map<string, number> {
  const powers = classOrder(found.map((p) => p.classes)).map((name): [string, number] => {
    const shares = found.map((p) => p.probabilities[p.classes.indexOf(name)] ?? 0);
    const sum = shares.reduce((total, share) => total + Math.log(Math.max(LEAST, share)), 0);
    return [name, Math.exp(sum / found.length)];
  });
  const all = powers.reduce((sum, [, power]) => sum + power, 0);
  return new Map(powers.map(([name, power]) => [name, power / all]));
}

/** Sum up the predictions of one photo, of which there is at least one. */
export function consensus(found: readonly Prediction[]): Consensus {
  const shares = pooled(found);
  const votes = new Map<string, number>();
  for (const p of found) votes.set(label(p), (votes.get(label(p)) ?? 0) + 1);
  const rank = (name: string): [number, number] => [votes.get(name) ?? 0, shares.get(name)!];
  const best = [...shares.keys()].reduce((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return y[0] > x[0] || (y[0] === x[0] && y[1] > x[1]) ? b : a;
  });
  const known = found.map((p) => p.pKnown).filter((p) => p !== null);
  return {
    label: best,
    probability: shares.get(best)!,
    agreement: votes.get(best) ?? 0,
    models: found.length,
    known: 2 * found.filter((p) => p.known).length >= found.length,
    pKnown: known.length ? known.reduce((a, b) => a + b, 0) / known.length : null,
  };
}

/** One photo of a batch with what all models say of it, or the reason why it was left out. */
export interface Reading {
  photo: string;
  /** A class, or the words for none of them. */
  label: string | null;
  predictions: Prediction[];
  reason: string | null;
}

/** The readings, disagreements first; what was left out last. */
export function mostDisputed<R extends Reading>(readings: readonly R[]): R[] {
  const rank = (r: Reading): number[] => {
    if (!r.predictions.length) return [0, 0, 0, 0];
    const summary = consensus(r.predictions);
    const named = new Set(r.predictions.map(label)).size;
    return [1, named, summary.models - summary.agreement, 1 - summary.probability];
  };
  const compare = (a: number[], b: number[]): number =>
    b.map((x, i) => x - a[i]!).find((difference) => difference !== 0) ?? 0;
  return readings
    .map((reading) => ({ reading, at: rank(reading) }))
    .sort((a, b) => compare(a.at, b.at))
    .map(({ reading }) => reading);
}
