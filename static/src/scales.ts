/** Where values of a figure lie, and what stands at its axes. */

import type { Axis, Value } from "./figure";

const FONT = "13px system-ui, sans-serif";
/** Of all texts, as in the style sheet. */
const ruler = document.createElement("canvas").getContext("2d")!;
ruler.font = FONT;

/** Where values lie on one side of a figure. */
export interface Scale {
  at(value: Value): number;
  ticks: { at: number; text: string }[];
  /** Pixels from one category to the next; 0 where values are numbers. */
  step: number;
}

function isText(found: Value[]): boolean {
  return found.some((v) => typeof v === "string");
}

/** What stands at an axis; of numbers that are yet to be chosen, one of the longest. */
export function tickTexts(axis: Axis, found: Value[]): string[] {
  if (axis.ticktext) return axis.ticktext;
  return isText(found) ? [...new Set(found.map(String))] : ["100 %"];
}

/** Values along one side of a figure, `from` and `to` in pixels. */
export function scale(axis: Axis, found: Value[], from: number, to: number, heat: boolean): Scale {
  if (isText(found)) {
    const names = [...new Set(found.map(String))];
    const ordered = axis.autorange === "reversed" ? names.toReversed() : names;
    const step = (to - from) / ordered.length;
    const at = (value: Value): number => from + (ordered.indexOf(String(value)) + 0.5) * step;
    return { at, step: Math.abs(step), ticks: ordered.map((text) => ({ at: at(text), text })) };
  }
  const numbers = found.filter((v) => v !== null).map(Number);
  const spread = Math.max(...numbers) - Math.min(...numbers) || 1;
  const [low, high] = axis.range ?? [
    Math.min(...numbers) - 0.06 * spread, Math.max(...numbers) + 0.06 * spread,
  ];
  const at = (value: Value): number => from + ((Number(value) - low) / (high - low)) * (to - from);
  const round = axis.dtick ?? roundStep((high - low) / (heat ? 4 : 5));
  const steps = axis.tickvals ?? multiples(round, low, high);
  const ticks = steps.map((v, i) => ({ at: at(v), text: axis.ticktext?.[i] ?? tickText(v, round, axis) }));
  return { at, step: 0, ticks };
}

function roundStep(rough: number): number {
  const unit = 10 ** Math.floor(Math.log10(rough));
  return unit * ([1, 2, 5, 10].find((n) => n * unit >= rough) ?? 10);
}

function multiples(step: number, low: number, high: number): number[] {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

function tickText(value: number, step: number, axis: Axis): string {
  if (axis.tickformat === ".0%") return `${(100 * value).toFixed(0)}%`;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toFixed(digits) + (axis.ticksuffix ?? "");
}

/** Pixels of width of the longest text. */
export function longest(texts: string[]): number {
  return Math.max(0, ...texts.map(widthOf));
}

export function widthOf(text: string): number {
  return ruler.measureText(text).width;
}
