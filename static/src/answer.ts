/** The answer to one photo: the verdict, the models side by side, focus maps; as the app shows it. */

import { h, milliseconds, percent } from "./elements";
import { overlay } from "./focus";
import type { Model } from "./models";
import { ABOUT_UNSURE, backboneName, modelName, site } from "./site";
import { parts, verdictOf } from "./looks";
import { classOrder, consensus, dissent, label, type Prediction, probability } from "./verdict";
import type { Look } from "./zoo";

export interface Answer {
  looks: Look[];
  /** Models that have still to read it. */
  pending: Model[];
  /** Why backbones were left out. */
  failed: Map<string, string>;
  /** What is being done for a pending backbone, where that is not reading. */
  status: Map<string, string>;
}

/** The whole answer. `photo` is the address of the photo, `shape` its width and height. */
export function answer(given: Answer, photo: string, shape: [number, number]): HTMLElement {
  const { looks, pending, failed, status } = given;
  const left = [...failed].map(([key, reason]) =>
    h("p", { class: "failure", role: "alert" }, `${backboneName(key)} was left out: ${reason}`),
  );
  const head = looks.length ? verdict(looks, pending.length) : waiting(pending, status);
  const rest = looks.length ? [...heatTable(given), ...focusCards(looks, photo, shape)] : [];
  return h("div", { class: "answer", "data-pending": pending.length }, head, ...left, ...rest);
}

/** One sentence for the person in front of the page. */
export function message(text: string, title = "That did not work"): HTMLElement {
  return h("section", { class: "verdict problem", role: "alert" },
    h("p", { class: "eyebrow" }, title), h("p", {}, text));
}

/** The consensus in one look, and where the models part. */
export function verdict(found: readonly Prediction[], pending = 0): HTMLElement {
  const summary = consensus(found);
  const said = verdictOf(found, site.words);
  const noun = summary.models === 1 ? "model" : "models";
  const waits = pending ? `, ${pending} still reading` : "";
  const facts = said.facts.map((fact) =>
    h("li", {}, ...parts(fact).map((part, i) => (i % 2 ? h("b", {}, part) : part))));
  return h("section", { class: "verdict", "aria-live": "polite", "data-look": said.look,
    "data-known": `${summary.known}` },
    h("p", { class: "eyebrow" }, `Consensus of ${summary.models} ${noun}${waits}`),
    h("h2", {}, said.title),
    h("ul", { class: "facts" }, ...facts),
    otherwise(found));
}

function otherwise(found: readonly Prediction[]): HTMLElement | null {
  const others = [...dissent(found)];
  if (!others.length) return null;
  const parts = others.flatMap(([name, some], i) => {
    const models = some.slice(0, 3).map((p) => `${modelName(p)} (${percent(probability(p))})`).join(", ");
    const more = some.length > 3 ? ` and ${some.length - 3} more` : "";
    return [i ? "; " : "", h("b", {}, name), ` by ${models}${more}`];
  });
  return h("p", { class: "dissent" }, "Read otherwise: ", ...parts, ".");
}

function waiting(pending: readonly Model[], status: ReadonlyMap<string, string>): HTMLElement {
  if (!pending.length) return message("None of the chosen models can be used; choose others.");
  const doing = [...status].map(([key, text]) => `${backboneName(key)}: ${text}.`).join(" ");
  return h("section", { class: "verdict", "aria-live": "polite" },
    h("p", { class: "eyebrow" }, "Reading"), h("h2", {}, "…"),
    h("p", {}, `${pending.length} models, the fastest first. ${doing}`));
}

/** Model x class, in the order in which the models answered and one fixed order of classes. */
function heatTable({ looks, pending, status }: Answer): HTMLElement[] {
  const classes = classOrder(looks.map((p) => p.classes));
  const agreed = consensus(looks).label;
  const head = h("tr", {},
    h("th", { scope: "col" }, "model"), h("th", { scope: "col" }, "reads"),
    h("th", { scope: "col", class: "num" }, "sure"), h("th", { scope: "col", class: "num" }, "ms"),
    ...classes.map((name) => h("th", { scope: "col", class: "cell" }, name)));
  const rows = looks.map((p) =>
    h("tr", { class: label(p) === agreed ? null : "differs" },
      h("th", { scope: "row" }, ...nameOf(p)),
      h("td", {}, label(p), doubt(p)),
      h("td", { class: "num" }, percent(probability(p))),
      h("td", { class: "num" }, milliseconds(p.milliseconds)),
      ...classes.map((name) => cell(p, name))));
  const waits = pending.map(({ backbone, variant }) =>
    h("tr", { class: "pending" }, h("th", { scope: "row" }, ...nameOf({ backbone, variant })),
      h("td", {}, status.get(backbone) ?? "reading…"), h("td"), h("td"),
      h("td", { colspan: classes.length })));
  return [
    h("h3", {}, "Side by side"),
    h("div", {
      class: "scroll", tabindex: 0, role: "region", "aria-label": "Probability of every class by every model",
    }, h("table", { class: "heat" }, h("thead", {}, head), h("tbody", {}, ...rows, ...waits))),
    h("p", { class: "hint" }, "Cells: calibrated probability in percent. ms: one pass through the " +
      "backbone, which serves both its variants, on this device."),
  ];
}

function cell(p: Prediction, name: string): HTMLElement {
  const at = p.classes.indexOf(name);
  if (at < 0) return h("td", { class: "cell" }, "–");
  const share = 100 * p.probabilities[at]!;
  const found = h("td", { class: `cell${name === label(p) ? " top" : ""}` }, share.toFixed(0));
  found.style.setProperty("--p", `${share.toFixed(1)}%`);
  return found;
}

/** A card per model with its focus map over the photo. */
function focusCards(looks: readonly Look[], photo: string, [width, height]: [number, number]): HTMLElement[] {
  const agreed = consensus(looks).label;
  const cards = h("div", { class: "cards" }, ...looks.map((p) =>
    h("figure", { class: `card${label(p) === agreed ? "" : " differs"}` },
      h("div", { class: "shot", role: "img", "aria-label": `Where ${modelName(p)} looked` }, overlay(p)),
      h("figcaption", {}, h("span", {}, ...nameOf(p)), h("b", {}, label(p), doubt(p)),
        h("span", { class: "num" }, `${percent(probability(p))} · ${milliseconds(p.milliseconds)} ms`)))));
  cards.style.setProperty("--photo", `url("${photo}")`);
  cards.style.setProperty("--shape", `${width} / ${height}`);
  return [
    h("h3", {}, "Where each model looked"), cards,
    h("p", { class: "hint" }, "Grad-CAM of the predicted class; brightest where it counted most. " +
      "Point at a card, or tap it, to see the photo alone."),
  ];
}

export function nameOf({ backbone, variant }: Model): (string | HTMLElement)[] {
  return [`${backboneName(backbone)} `, h("span", { class: "variant" }, variant)];
}

function doubt(p: Prediction): DocumentFragment | null {
  if (p.known) return null;
  const found = document.createDocumentFragment();
  found.append(" ", h("abbr", { class: "doubt", title: ABOUT_UNSURE }, "unsure"));
  return found;
}

/** What the app's `/classify` answers, for the download. */
export function asJson(found: readonly Prediction[]): string {
  const round = (x: number | null): number | null => (x === null ? null : Number(x.toFixed(5)));
  const summary = consensus(found);
  const { agreement, known } = summary;
  return JSON.stringify({
    consensus: {
      label: summary.label, probability: round(summary.probability), agreement, known,
      p_known: round(summary.pKnown),
    },
    predictions: found.map((p) => ({
      backbone: p.backbone, variant: p.variant, label: label(p), probability: round(probability(p)),
      probabilities: Object.fromEntries(p.classes.map((name, i) => [name, round(p.probabilities[i]!)])),
      known: p.known, p_known: round(p.pKnown), milliseconds: Number(p.milliseconds.toFixed(2)),
    })),
  }, null, 1);
}
