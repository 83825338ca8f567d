/** What the app's endpoints answer, for downloads: see `flowers/page/answers.py`. */

import { refusals, type Standings } from "./judge";
import { fixed } from "./rounding";
import type { DroppedLabel } from "./labels";
import { NONE, site } from "./site";
import { consensus, label, type Prediction, probability, type Reading } from "./verdict";

type Json = number | string | boolean | null | Json[] | { [key: string]: Json };

/** One photo: `/classify`. */
export function classification(
  found: readonly Prediction[], failed: ReadonlyMap<string, string>,
): string {
  return text({
    consensus: summary(found), predictions: found.map(prediction), left_out: Object.fromEntries(failed),
  });
}

/** Many photos: `/compare`. */
export function batchAnswer(
  readings: readonly Reading[], standings: Standings | null, dropped: readonly DroppedLabel[],
  notes: readonly string[],
): string {
  const { scores, pairs } = standings ?? { scores: [], pairs: [] };
  return text({
    photos: readings.map(({ photo, label: given, reason, predictions }) => ({
      photo, label: given, reason,
      consensus: predictions.length ? summary(predictions) : null,
      predictions: predictions.map(prediction),
    })),
    scores: scores.map(({ backbone, variant, correct, photos, accuracy, interval }) => (
      { backbone, variant, correct, photos, accuracy, interval })),
    refusals: refusals(readings, NONE).map(({ model, refused, photos, strangersRefused, strangers }) => (
      { ...model, refused, photos, strangers_refused: strangersRefused, strangers })),
    differences: pairs.map(({ first, second, onlyFirst, onlySecond, p, adjusted }) => ({
      first: [first.backbone, first.variant], second: [second.backbone, second.variant],
      only_first: onlyFirst, only_second: onlySecond, p_value: p, adjusted,
    })),
    dropped: dropped.map((found) => ({ ...found })), notes: [...notes],
  });
}

function summary(found: readonly Prediction[]): Json {
  const { pKnown, ...said } = consensus(found);
  return { ...said, p_known: pKnown };
}

function prediction(p: Prediction): Json {
  return {
    backbone: p.backbone, variant: p.variant, label: label(p), probability: probability(p),
    probabilities: Object.fromEntries(p.classes.map((name, i) => [name, p.probabilities[i]!])),
    known: p.known, p_known: p.pKnown, milliseconds: p.milliseconds,
  };
}

function text(answer: Json): string {
  return JSON.stringify(rounded(answer, site.digits.other), null, 1);
}

function rounded(value: Json, digits: number | null): Json {
  if (typeof value === "number") return digits === null ? value : Number(fixed(value, digits));
  if (Array.isArray(value)) return value.map((each) => rounded(each, digits));
  if (value === null || typeof value !== "object") return value;
  const { fields, other } = site.digits;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => (
    [key, rounded(each, key in fields ? fields[key]! : other)])));
}
