/** A batch in one look: who reads labelled photos best, or how far the models agree. */

import { emphasized, nameCell } from "./answer";
import { h, percent } from "./elements";
import { refusals, type Score, type Standings } from "./judge";
import { leaderOf } from "./leader";
import { verdictOf } from "./looks";
import { NONE, say, site } from "./site";
import type { Reading } from "./verdict";

/** Only a model that is better by a test is crowned in colour. */
export interface Headline {
  title: string;
  facts: HTMLElement[];
  look: string | null;
}

/** Who reads labelled photos best, as a title, and how sure that is. */
export function leader(standings: Standings): Headline {
  const { title, facts, look } = leaderOf(standings, site.words);
  return { title, look, facts: facts.map((fact) => h("li", {}, ...emphasized(fact))) };
}

/** How far the models agree, where no photo has a label. */
export function agreement(read: readonly Reading[]): Headline {
  if (!read.length) return { title: say("none_readable"), facts: [], look: null };
  const verdicts = read.map((row) => verdictOf(row.predictions, site.words));
  const together = verdicts.filter(({ votes }, i) => votes === read[i]!.predictions.length).length;
  const counts = new Map<string, number>();
  for (const { look, brief } of verdicts) {
    const name = { agreed: brief, split: "split", none: site.unknown }[look];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const last = ([name]: [string, number]): number => ["split", site.unknown].indexOf(name);
  const order = [...counts].sort((a, b) => last(a) - last(b) || b[1] - a[1]);
  const facts = order.map(([name, n]) => h("li", {}, h("b", {}, `${n}`), ` ${name}`));
  if (read.length === 1) return { title: say(together ? "one_agreed" : "one_split"), facts, look: null };
  return { title: say("agreed", { agreed: together, photos: read.length }), facts, look: null };
}

/** The accuracy of each model with its interval, best first, as bars on one scale. */
export function scores({ scores: all }: Standings): HTMLElement[] {
  const ordered = [...all].sort((a, b) => b.accuracy - a.accuracy);
  return [
    h("h3", {}, say("accuracy")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Accuracy by model" },
      h("table", { class: "plain scores" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "model"),
          ...["right", "accuracy", "95\u202f% interval"].map((text) => h("th", { scope: "col", class: "num" }, text)),
          h("th", { scope: "col" }, h("span", { class: "sr" }, "drawn")))),
        h("tbody", {}, ...ordered.map((score) => h("tr", {},
          h("th", { scope: "row" }, ...nameCell(score)),
          h("td", { class: "num" }, `${score.correct} of ${score.photos}`),
          h("td", { class: "num" }, h("b", {}, percent(score.accuracy, 1))),
          h("td", { class: "num" }, `${percent(score.interval[0], 1)} to ${percent(score.interval[1], 1)}`),
          h("td", { class: "drawn" }, interval(score))))))),
  ];
}

function interval({ accuracy, interval: [low, high] }: Score): HTMLElement {
  const drawn = h("span", { class: "interval", "aria-hidden": "true" }, h("span", { class: "ends" }), h("span", { class: "dot" }));
  drawn.style.setProperty("--low", `${100 * low}%`);
  drawn.style.setProperty("--high", `${100 * high}%`);
  drawn.style.setProperty("--at", `${100 * accuracy}%`);
  return drawn;
}

/** How often each model refused the labelled photos; nothing without any. */
export function refused(readings: readonly Reading[]): HTMLElement[] {
  const found = refusals(readings, NONE);
  if (!found.length) return [];
  const of = (some: number, all: number): string => `${some} of ${all}`;
  return [
    h("h3", {}, say("refused_photos")),
    h("p", {}, site.words.sentences["refusals"]!),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": say("refusals") },
      h("table", { class: "plain" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("model")),
          ...["of_class", "of_none"].map((key) => h("th", { scope: "col", class: "num" }, say(key))))),
        h("tbody", {}, ...found.map((row) => h("tr", {}, h("th", { scope: "row" }, ...nameCell(row.model)),
          h("td", { class: "num" }, of(row.refused, row.photos)),
          h("td", { class: "num" }, of(row.strangersRefused, row.strangers) +
            (row.strangers ? `, ${percent(row.strangersRefused / row.strangers)}` : ""))))))),
  ];
}
