/** The answer to one photo: the verdict, the models side by side, focus maps; as the app shows it. */

import { classification } from "./answers";
import { download, h, percent } from "./elements";
import { overlay } from "./focus";
import type { Model } from "./models";
import { backboneName, modelName, say, site } from "./site";
import { knowsOnly, parts, type PhotoVerdict, verdictOf } from "./looks";
import { classOrder, label, type Prediction, probability } from "./verdict";
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

/**
 * The whole answer. `photo` is the address of the photo, `shape` its width and height; `focus` the
 * class whose focus maps are shown, null for what each model answered.
 */
export function answer(
  given: Answer, photo: string, shape: [number, number], focus: string | null,
): HTMLElement[] {
  const { looks, pending, failed, status } = given;
  const left = [...failed].map(([key, reason]) =>
    h("p", { class: "failure", role: "alert" }, say("left_out", { backbone: backboneName(key), reason })),
  );
  const place = { class: "answer", "data-pending": pending.length };
  if (!looks.length) return [h("div", place, waiting(pending, status), ...left)];
  const said = verdictOf(looks, site.words);
  const whole = h("div", place, verdict(looks, said, pending.length), ...left,
    ...sideBySide(given, said), ...focusCards(looks, said, photo, shape, focus));
  return pending.length ? [whole] : [whole, downloads(looks, failed)];
}

/** One sentence for the person in front of the page. */
export function message(text: string, title = say("problem")): HTMLElement {
  return h("section", { class: "verdict problem", role: "alert" },
    h("p", { class: "eyebrow" }, title), h("p", {}, text));
}

/** The verdict in one look: agreed, split, or none of these. */
function verdict(found: readonly Prediction[], said: PhotoVerdict, pending: number): HTMLElement {
  const models = found.length === 1 ? say("one_model") : say("models", { models: found.length });
  const waits = pending ? say("still_reading", { models: pending }) : "";
  return h("section", { class: "verdict", "aria-live": "polite", "data-look": said.look },
    h("p", { class: "eyebrow" }, models + waits),
    h("h2", {}, said.title),
    h("ul", { class: "facts" }, ...said.facts.map((fact) => h("li", {}, ...emphasized(fact)))),
    otherwise(found, said),
    h("p", { class: "hint" }, knowsOnly(classOrder(found.map((p) => p.classes)), site.words)));
}

/** A sentence with what is to stand out. */
export function emphasized(sentence: string): (string | HTMLElement)[] {
  return parts(sentence).map((part, i) => (i % 2 ? h("b", {}, part) : part));
}

/** What a model says: a class, or null for none of them. */
function vote(p: Prediction): string | null {
  return p.known ? label(p) : null;
}

function differs(p: Prediction, said: PhotoVerdict): boolean {
  return said.look !== "split" && vote(p) !== (said.names[0] ?? null);
}

/** Who answered otherwise than most, by what they say; a split names all sides itself. */
function otherwise(found: readonly Prediction[], said: PhotoVerdict): HTMLElement | null {
  const others = new Map<string | null, Prediction[]>();
  for (const p of [...found].sort((a, b) => probability(b) - probability(a))) {
    if (differs(p, said)) others.set(vote(p), [...(others.get(vote(p)) ?? []), p]);
  }
  if (!others.size) return null;
  const sides = [...others].flatMap(([name, some], i) => {
    const models = some.slice(0, 3).map((p) =>
      modelName(p) + (name === null ? "" : ` (${percent(probability(p))})`)).join(", ");
    const more = some.length > 3 ? say("more_models", { models: some.length - 3 }) : "";
    return [i ? "; " : "", h("b", {}, name ?? site.words.sentences["none_short"]!), ` by ${models}${more}`];
  });
  return h("p", { class: "dissent" }, say("otherwise"), ...sides, ".");
}

function waiting(pending: readonly Model[], status: ReadonlyMap<string, string>): HTMLElement {
  if (!pending.length) return message(say("no_model"));
  const doing = [...status].map(([key, text]) => `${backboneName(key)}: ${text}.`).join(" ");
  return h("section", { class: "verdict", "aria-live": "polite" },
    h("p", { class: "eyebrow" }, say("reading")), h("h2", {}, "…"),
    h("p", {}, `${say("fastest_first", { models: pending.length })} ${doing}`));
}

/** Model x class, in the order in which the models answered and one fixed order of classes. */
function sideBySide({ looks, pending, status }: Answer, said: PhotoVerdict): HTMLElement[] {
  const classes = classOrder(looks.map((p) => p.classes));
  const head = h("tr", {},
    h("th", { scope: "col" }, say("model")), h("th", { scope: "col" }, say("answer")),
    ...classes.map((name) => h("th", { scope: "col", class: "cell" }, name)));
  const rows = looks.map((p) =>
    h("tr", { class: differs(p, said) ? "differs" : null },
      h("th", { scope: "row" }, ...nameCell(p)),
      h("td", {}, label(p), refused(p)),
      ...classes.map((name) => cell(p, name))));
  const waits = pending.map((model) =>
    h("tr", { class: "pending" }, h("th", { scope: "row" }, ...nameCell(model)),
      h("td", {}, status.get(model.backbone) ?? say("pending")), h("td", { colspan: classes.length })));
  const bars = looks.map((p) =>
    h("li", { class: differs(p, said) ? "differs" : null }, h("span", {}, ...nameCell(p), refused(p)), ...topBars(p)));
  const barsToCome = pending.map((model) =>
    h("li", { class: "pending" }, h("span", {}, ...nameCell(model)),
      h("span", {}, status.get(model.backbone) ?? say("pending"))));
  return [
    h("h3", {}, say("side_by_side")),
    h("div", { class: "wide-only" }, h("div", {
      class: "scroll", tabindex: 0, role: "region", "aria-label": say("probabilities"),
    }, h("table", { class: "heat" }, h("thead", {}, head), h("tbody", {}, ...rows, ...waits)))),
    h("ul", { class: "bars narrow-only", "aria-label": say("top_classes") }, ...bars, ...barsToCome),
    h("p", { class: "hint" }, say("calibrated")),
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

/** The two most probable classes of a model, where there is no room for all. */
function topBars(p: Prediction): HTMLElement[] {
  const order = p.classes.map((name, i): [string, number] => [name, p.probabilities[i]!]).sort((a, b) => b[1] - a[1]);
  return order.slice(0, 2).map(([name, share], i) => {
    const bar = h("span", { class: `bar${i === 0 && p.known ? " top" : ""}` }, h("b", {}, name), ` ${percent(share)}`);
    bar.style.setProperty("--p", `${(100 * share).toFixed(1)}%`);
    return bar;
  });
}

/** A card per model with its focus map over the photo. */
function focusCards(
  looks: readonly Look[], said: PhotoVerdict, photo: string, [width, height]: [number, number],
  wanted: string | null,
): HTMLElement[] {
  const classes = classOrder(looks.map((p) => p.classes));
  const focus = classes.find((name) => name === wanted) ?? null;
  const choice = [null, ...classes].map((name) =>
    h("button", { type: "button", "data-focus": name ?? "", "aria-pressed": `${name === focus}` },
      name === null ? say("focus_own") : say("focus_class", { name })));
  const cards = h("div", { class: "cards" }, ...looks.map((p) => {
    const map = overlay(p, focus ?? label(p));
    const name = focus ?? label(p);
    return h("figure", { class: `card${differs(p, said) ? " differs" : ""}` },
      h("div", { class: "shot", role: "img", "aria-label": say("focus_of", { model: modelName(p), name }) }, map),
      h("figcaption", {}, h("span", {}, ...nameCell(p)), ...(map ? [
        h("b", {}, name, focus === null && refused(p)),
        h("span", { class: "num" }, percent(p.probabilities[p.classes.indexOf(name)]!)),
      ] : [h("b", {}, say("focus_unknown", { name }))])));
  }));
  cards.style.setProperty("--photo", `url("${photo}")`);
  cards.style.setProperty("--shape", `${width} / ${height}`);
  return [
    h("h3", {}, say("focus")),
    h("div", { class: "chips", role: "group", "aria-label": say("focus") }, ...choice), cards,
    h("p", { class: "hint" }, `${say("focus_map")} `,
      h("span", { class: "scale", role: "img", "aria-label": say("focus_scale") }), ` ${say("focus_hint")}`),
  ];
}

export function nameCell({ backbone, variant }: Model): (string | HTMLElement)[] {
  return [`${backboneName(backbone)} `, h("span", { class: "variant" }, variant)];
}

function refused(p: Prediction): DocumentFragment | null {
  if (p.known) return null;
  const found = document.createDocumentFragment();
  found.append(" ", h("span", { class: "doubt", title: say("about_refused") }, say("refused")));
  return found;
}

function downloads(looks: readonly Look[], failed: ReadonlyMap<string, string>): HTMLElement {
  const text = classification(looks, failed);
  const link = download("classification.json", "application/json", text, say("download"));
  return h("p", { class: "downloads" }, link);
}
