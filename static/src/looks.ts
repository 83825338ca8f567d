/**
 * The verdict in words, by the rules of `flowers/models/verdicts.py`; the words come from there.
 *
 * Both have to satisfy `tests/support/verdicts.json`.
 */

import { percent } from "./elements";
import { classOrder, consensus, label, pooled, type Prediction } from "./verdict";

/** What `verdict_rules()` of `static/site.py` gives. */
export interface Words {
  sentences: Record<string, string>;
  numbers: string[];
  most_names: number;
  default_classes: string[];
  many: number;
  significant: number;
  z_of_pairs: number[];
  z_of_power: number;
  backbones: Record<string, string>;
}

/** What the models say together of one photo, as one of three looks. */
export interface PhotoVerdict {
  look: "agreed" | "split" | "none";
  /** What is shown, equally large; null stands for none of the classes. */
  names: (string | null)[];
  /** The names alone, for a cell of a table. */
  brief: string;
  /** How many models say so; for a split, the first of the names. */
  votes: number;
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
    verdict = { look: "none", names: [], brief: words.sentences["none_short"]!, votes: votes.get(null)!, title, facts };
  } else if (2 * (votes.get(summary.label) ?? 0) > models) {
    const name = summary.label;
    const agree = models === 1 ? "alone" : "agree";
    const agreed = votes.get(name)!;
    const facts = [say(agree, { votes: agreed, models, name }), say("mean", { probability })];
    verdict = { look: "agreed", names: [name], brief: name, votes: agreed, title: capital(name), facts };
  } else {
    const names = contenders(found, votes);
    const shown = names.map((name) => name ?? words.sentences["none_short"]!);
    const brief = listed(shown, "or", words);
    const title = say("split", { names: brief });
    const facts = names.map((name, i) =>
      say("vote", { votes: votes.get(name)!, models, name: shown[i]! }));
    verdict = { look: "split", names, brief, votes: votes.get(names[0]!)!, title, facts };
  }
  if (summary.pKnown !== null) {
    const count = found.filter((p) => p.pKnown !== null).length;
    const values = { p_known: percent(summary.pKnown), models: count };
    verdict.facts.push(say(count === 1 ? "p_known_alone" : "p_known", values));
  }
  return verdict;
}

/** The class, the words for none of them, or "split". */
export function inOneWord({ look, brief }: PhotoVerdict): string {
  return look === "split" ? look : brief;
}

export type Say = (key: string, values: Record<string, string | number>) => string;

export function sayer(words: Words): Say {
  return (key, values) =>
    words.sentences[key]!.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
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
export function listed(names: readonly string[], last: string, words: Words): string {
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
