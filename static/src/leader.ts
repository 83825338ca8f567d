/**
 * Labelled photos in words, by the rules of `flowers/models`; the words come from there.
 *
 * Both have to satisfy `tests/support/verdicts.json`.
 */

import { counted, grouped, percent } from "./elements";
import type { Pair, Score, Standings } from "./judge";
import { listed, sayer, type Words } from "./looks";
import type { Model } from "./models";
import { twoDigits } from "./rounding";
import { label, type Reading, sameModel } from "./verdict";

/** Who reads labelled photos best, and how sure that is. */
export interface Leader {
  look: "winner" | "backbone" | "open" | "single";
  title: string;
  facts: string[];
}

/** Crown a winner only where tests say so. */
export function leaderOf(standings: Standings, words: Words): Leader {
  const say = sayer(words);
  const name = (m: Model): string => nameOf(m, words);
  const { best, beaten } = standings;
  const accuracy = percent(best.accuracy, 1);
  const [low, high] = best.interval;
  const facts = [
    say("right", {
      name: name(best), accuracy, correct: grouped(best.correct), photos: counted(best.photos, "photo"),
    }),
    say("interval", { low: percent(low, 1), high: percent(high, 1) }),
  ];
  const others = standings.scores.filter((score) => !sameModel(score, best));
  if (!others.length) return { look: "single", title: say("single", { name: name(best), accuracy }), facts };
  const rivals = others
    .filter((score) => !beaten.some((model) => sameModel(model, score)))
    .sort((a, b) => b.accuracy - a.accuracy);
  if (others.length === 1 && beaten.length) facts.push(say("beats_other", {}));
  else if (!rivals.length) facts.push(say("beats_all", { others: others.length }));
  else if (beaten.length) {
    facts.push(say("beats_some", { beaten: beaten.length, others: others.length }));
  }
  if (!rivals.length) return { look: "winner", title: say("winner", { name: name(best) }), facts };
  const equal = rivals.filter((score) => score.accuracy === best.accuracy).map(name);
  const behind = rivals.filter((score) => score.accuracy !== best.accuracy).map(name);
  if (equal.length) facts.push(say("tie", { names: listed(equal, "and", words) }));
  if (behind.length) facts.push(say("chance", { names: listed(behind, "and", words) }));
  facts.push(photosMore(standings, best, rivals[0]!, words));
  if (rivals.every((score) => score.backbone === best.backbone) && others.length > rivals.length) {
    const backbone = words.backbones[best.backbone]!;
    return { look: "backbone", title: say("winner_backbone", { name: backbone }), facts };
  }
  return { look: "open", title: say("open", {}), facts };
}

export function nameOf({ backbone, variant }: Model, words: Words): string {
  return `${words.backbones[backbone]!} ${variant}`;
}

/** The test between two of the models. */
function testOf({ pairs }: Standings, a: Model, b: Model): Pair {
  return pairs.find(({ first, second }) =>
    (sameModel(first, a) && sameModel(second, b)) || (sameModel(first, b) && sameModel(second, a)))!;
}

/** Says about how many photos more would decide between two. */
function photosMore(standings: Standings, best: Score, rival: Score, words: Words): string {
  const say = sayer(words);
  const more = morePhotos(standings, best, rival, words);
  const pair = { first: nameOf(best, words), second: nameOf(rival, words) };
  if (more === null) {
    return say("no_more", pair);
  }
  const far = more > words.many;
  return far ? say("far", { many: grouped(words.many), ...pair }) : say("more", { more: grouped(more), ...pair });
}

/** Two models side by side. */
export interface HeadToHead {
  /** Places in the batch of photos that only one of them reads right. */
  onlyFirst: number[];
  onlySecond: number[];
  look: "winner" | "open";
  title: string;
  facts: string[];
}

/** Compare two of the models that were judged, by the test among all of them. */
export function headToHead(
  readings: readonly Reading[], standings: Standings, first: Model, second: Model, words: Words,
): HeadToHead {
  const say = sayer(words);
  const only: [number[], number[]] = [[], []];
  let wrong = 0;
  readings.forEach(({ label: wanted, predictions }, number) => {
    const said = [first, second].map((model) => predictions.find((p) => sameModel(p, model)));
    if (wanted === null || wanted === words.sentences["none_short"] || said.includes(undefined)) return;
    const [a, b] = said.map((p) => label(p!) === wanted);
    if (a !== b) only[a ? 0 : 1].push(number);
    wrong += Number(!a && !b);
  });
  const { p, adjusted } = testOf(standings, first, second);
  const names = [nameOf(first, words), nameOf(second, words)];
  const facts = names.map((name, i) => say("two_only", { name, photos: counted(only[i]!.length, "photo") }));
  facts.push(say("two_wrong", { photos: counted(wrong, "photo") }));
  const shown = { p: twoDigits(p), adjusted: twoDigits(adjusted), pairs: counted(standings.pairs.length, "pair") };
  facts.push(say("two_test", shown));
  const [onlyFirst, onlySecond] = only;
  if (adjusted < words.significant) {
    const [name, other] = onlyFirst.length > onlySecond.length ? names : [...names].reverse();
    return { onlyFirst, onlySecond, look: "winner", title: say("two_real", { name: name!, other: other! }), facts };
  }
  const [a, b] = [first, second].map((model) => standings.scores.find((score) => sameModel(score, model))!);
  facts.push(photosMore(standings, a!, b!, words));
  return { onlyFirst, onlySecond, look: "open", title: say("two_open", {}), facts };
}

/** About how many photos more would decide between two (Connor 1987), rounded up to two digits. */
function morePhotos(
  standings: Standings, best: Score, rival: Score, words: Words,
): number | null {
  const test = testOf(standings, best, rival);
  const photos = Math.min(best.photos, rival.photos);
  if (test.onlyFirst === test.onlySecond || !photos) return null;
  const differing = (test.onlyFirst + test.onlySecond) / photos;
  const difference = Math.abs(test.onlyFirst - test.onlySecond) / photos;
  const z = words.z_of_pairs[standings.pairs.length - 1]!;
  const spread =
    z * Math.sqrt(differing) +
    words.z_of_power * Math.sqrt(Math.max(0, differing - difference ** 2));
  const more = Math.max(1, Math.ceil((spread / difference) ** 2) - photos);
  const unit = 10 ** Math.max(0, String(more).length - 2);
  return Math.ceil(more / unit) * unit;
}

