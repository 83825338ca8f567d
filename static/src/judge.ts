/** Labelled photos: how good each model is, whether that is more than chance, and what was refused. */

import type { Words } from "./looks";
import { keyOf, type Model } from "./models";
import { accuracyInterval, holm, mcnemar } from "./stats";
import { label, type Prediction, type Reading, sameModel } from "./verdict";

/** One model's accuracy on the labelled photos, with its 95 % interval. */
export interface Score extends Model {
  correct: number;
  photos: number;
  accuracy: number;
  interval: [number, number];
}

/** Labelled photos: how good each model is, and which others the best one really beats. */
export interface Standings {
  scores: Score[];
  best: Score;
  /** The models that the best one beats by more than chance. */
  beaten: Model[];
  /** Every pair of models. */
  pairs: Pair[];
}

/** McNemar's exact test between two models, and on how many photos only one of them is right. */
export interface Pair {
  first: Score;
  second: Score;
  onlyFirst: number;
  onlySecond: number;
  p: number;
  /** `p` after Holm's correction for the number of pairs. */
  adjusted: number;
}

/** Whether a model reads a labelled photo right; `none` is the label of one that shows no class. */
export function isRight(p: Prediction, labelled: string, none: string): boolean {
  return labelled === none ? !p.known : label(p) === labelled;
}

/**
 * Score the models on the photos of a batch that have a class for a label; null when none has.
 * Photos labelled as none of the classes do not count here.
 */
export function judge(readings: readonly Reading[], words: Words): Standings | null {
  const none = words.sentences["none_short"];
  const right = new Map<string, { model: Model; photos: Map<number, boolean> }>();
  readings.forEach((reading, number) => {
    if (reading.label === null || reading.label === none) return;
    for (const p of reading.predictions) {
      const key = keyOf(p);
      if (!right.has(key)) right.set(key, { model: p, photos: new Map() });
      right.get(key)!.photos.set(number, label(p) === reading.label);
    }
  });
  if (!right.size) return null;
  const rows = [...right.values()];
  const scores = rows.map(({ model, photos }): Score => {
    const correct = [...photos.values()].filter(Boolean).length;
    const { backbone, variant } = model;
    const interval = accuracyInterval(correct, photos.size);
    return { backbone, variant, correct, photos: photos.size, accuracy: correct / photos.size, interval };
  });
  const best = scores.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const pairs: { first: number; second: number; onlyFirst: number; onlySecond: number; p: number }[] = [];
  rows.forEach((a, first) =>
    rows.slice(first + 1).forEach((b, offset) => {
      const both = [...a.photos].filter(([number]) => b.photos.has(number));
      const onlyFirst = both.filter(([number, ok]) => ok && !b.photos.get(number)).length;
      const onlySecond = both.filter(([number, ok]) => !ok && b.photos.get(number)).length;
      const p = mcnemar(onlyFirst, onlySecond);
      pairs.push({ first, second: first + 1 + offset, onlyFirst, onlySecond, p });
    }),
  );
  const adjusted = holm(pairs.map(({ p }) => p));
  const at = scores.indexOf(best);
  const beaten = pairs.flatMap(({ first, second, onlyFirst, onlySecond }, i) => {
    const gain = onlyFirst - onlySecond;
    if (adjusted[i]! >= words.significant) return [];
    if (first === at && gain > 0) return [scores[second]!];
    return second === at && gain < 0 ? [scores[first]!] : [];
  });
  const counted = pairs.map(({ first, second, ...found }, i) => (
    { first: scores[first]!, second: scores[second]!, ...found, adjusted: adjusted[i]! }));
  return { scores, best, beaten, pairs: counted };
}

/** What one model refused among the labelled photos of a batch. */
export interface Refusals {
  model: Model;
  /** Photos of a class that it took for none. */
  refused: number;
  /** Photos with a class for a label. */
  photos: number;
  strangersRefused: number;
  /** Photos labelled `none`. */
  strangers: number;
}

/** Count the refusals of every model on the labelled photos that it read. */
export function refusals(readings: readonly Reading[], none: string): Refusals[] {
  const counts: Refusals[] = [];
  for (const { label: wanted, predictions } of readings) {
    if (wanted === null) continue;
    for (const { backbone, variant, known } of predictions) {
      const model = { backbone, variant };
      let found = counts.find((other) => sameModel(other.model, model));
      if (!found) counts.push((found = { model, refused: 0, photos: 0, strangersRefused: 0, strangers: 0 }));
      if (wanted === none) {
        found.strangers++;
        found.strangersRefused += Number(!known);
      } else {
        found.photos++;
        found.refused += Number(!known);
      }
    }
  }
  return counts;
}
