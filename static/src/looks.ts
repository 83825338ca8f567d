/**
 * The verdict in words, by the rules of `flowers/models/verdicts.py`; the words come from there.
 *
 * Both have to satisfy `tests/support/verdicts.json`.
 */

import { percent } from "./elements";
import type { Model } from "./models";
import {
  classOrder, consensus, label, pooled, type Prediction, sameModel, type Score, type Standings,
} from "./verdict";

/** What `exported()` of `verdicts.py` gives. */
export interface Words {
  sentences: Record<string, string>;
  numbers: string[];
  most_names: number;
  default_classes: string[];
  many: number;
  z_of_pairs: number[];
  z_of_power: number;
  backbones: Record<string, string>;
}

/** What the models say together of one photo, as one of three looks. */
export interface PhotoVerdict {
  look: "agreed" | "split" | "none";
  /** What is shown, equally large; null stands for none of the classes. */
  names: (string | null)[];
  title: string;
  /** `**` stands around what is to stand out. */
  facts: string[];
}

/** A model that refuses the photo votes for none of the classes. There is at least one model. */
export function verdictOf(found: readonly Prediction[], words: Words): PhotoVerdict {
  const say = sayer(words);
  const summary = consensus(found);
  const models = found.length;
  const votes = new Map<string | null, number>();
  for (const p of found) {
    const vote = p.known ? label(p) : null;
    votes.set(vote, (votes.get(vote) ?? 0) + 1);
  }
  const probability = percent(summary.probability);
  let verdict: PhotoVerdict;
  if (!summary.known) {
    const title = capital(noneOf(classOrder(found.map((p) => p.classes)), words));
    const facts = [
      say("refuse", { votes: votes.get(null)!, models }),
      say("nearest", { name: summary.label, probability }),
    ];
    verdict = { look: "none", names: [], title, facts };
  } else if (2 * (votes.get(summary.label) ?? 0) > models) {
    const name = summary.label;
    const agree = models === 1 ? "alone" : "agree";
    const facts = [say(agree, { votes: votes.get(name)!, models, name }), say("mean", { probability })];
    verdict = { look: "agreed", names: [name], title: capital(name), facts };
  } else {
    const names = contenders(found, votes);
    const shown = names.map((name) => name ?? words.sentences["none_short"]!);
    const title = say("split", { names: listed(shown, "or", words) });
    const facts = names.map((name, i) =>
      say("vote", { votes: votes.get(name)!, models, name: shown[i]! }));
    verdict = { look: "split", names, title, facts };
  }
  if (summary.pKnown !== null) {
    const count = found.filter((p) => p.pKnown !== null).length;
    const values = { p_known: percent(summary.pKnown), models: count };
    verdict.facts.push(say(count === 1 ? "p_known_alone" : "p_known", values));
  }
  return verdict;
}

type Say = (key: string, values: Record<string, string | number>) => string;

function sayer(words: Words): Say {
  return (key, values) =>
    words.sentences[key]!.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** Who reads labelled photos best, and how sure that is. */
export interface Leader {
  look: "winner" | "backbone" | "open" | "single";
  title: string;
  facts: string[];
}

/** Crown a winner only where tests say so. */
export function leaderOf(standings: Standings, words: Words): Leader {
  const say = sayer(words);
  const name = (m: Model): string => `${words.backbones[m.backbone]!} ${m.variant}`;
  const { best, beaten } = standings;
  const accuracy = percent(best.accuracy, 1);
  const [low, high] = best.interval;
  const facts = [
    say("right", {
      name: name(best), accuracy, correct: grouped(best.correct), photos: grouped(best.photos),
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
  const more = morePhotos(standings, best, rivals[0]!, words);
  const pair = { first: name(best), second: name(rivals[0]!) };
  const count = more !== null && more > words.many ? `more than ${grouped(words.many)}` : grouped(more ?? 0);
  facts.push(more === null ? say("no_more", pair) : say("more", { more: count, ...pair }));
  if (rivals.every((score) => score.backbone === best.backbone) && others.length > rivals.length) {
    const backbone = words.backbones[best.backbone]!;
    return { look: "backbone", title: say("winner_backbone", { name: backbone }), facts };
  }
  return { look: "open", title: say("open", {}), facts };
}

/** About how many photos more would decide between two (Connor 1987), rounded up to two digits. */
function morePhotos(
  standings: Standings, best: Score, rival: Score, words: Words,
): number | null {
  const test = standings.pairs.find(({ first, second }) =>
    (sameModel(first, best) && sameModel(second, rival)) ||
    (sameModel(first, rival) && sameModel(second, best)))!;
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

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** All with the most votes, and with the second most where only one has the most. */
function contenders(
  found: readonly Prediction[], votes: ReadonlyMap<string | null, number>,
): (string | null)[] {
  const shares = pooled(found);
  const rank = (name: string | null): number => (name === null ? 1 : -shares.get(name)!);
  const order = [...votes.keys()].sort(
    (a, b) => votes.get(b)! - votes.get(a)! || rank(a) - rank(b));
  const least = votes.get(order[1] ?? order[0]!)!;
  return order.filter((name) => votes.get(name)! >= least);
}

function noneOf(classes: readonly string[], words: Words): string {
  const flowers = classes.every((name) => words.default_classes.includes(name));
  const count = words.numbers[classes.length] ?? String(classes.length);
  return words.sentences["none"]!
    .replace("{count}", count)
    .replace("{noun}", flowers ? "flowers" : "classes");
}

/** The sentence that says what the models can tell apart at all. */
export function knowsOnly(classes: readonly string[], words: Words): string {
  const first = classes.slice(0, -1).join(", ");
  return sayer(words)("only", { names: (first ? `${first} and ` : "") + classes.at(-1)! });
}

/** Names in a row, `last` before the last; the rest of many are counted. */
function listed(names: readonly string[], last: string, words: Words): string {
  const most = words.most_names;
  const rest = names.length - most + 1;
  const shown = names.length > most ? [...names.slice(0, most - 1), `${rest} more`] : [...names];
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} ${last} ${shown.at(-1)!}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Parts of a sentence: every second one is to stand out. */
export function parts(sentence: string): string[] {
  return sentence.split("**");
}
