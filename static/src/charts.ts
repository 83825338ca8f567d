/** Draws the app's Plotly figures as SVG: points, lines, intervals and heat maps, no more. */

import type { Axis, Figure, Trace, Value } from "./figure";
import { longest, type Scale, scale, tickTexts, widthOf } from "./scales";

const SVG = "http://www.w3.org/2000/svg";
const LINE = 22;
/** Pixels of height of a line of labels. */
const RIGHT = 18;
/** Pixels beside a figure. */
const GAP = 4;
/** Pixels between two labels, or between a text and the edges of its cell, at the least. */
const SAMPLE = 44;
/** Pixels of a mark in the legend and of the space around it. */

/** The figure as wide as asked. `title` names it for screen readers. */
export function draw(figure: Figure, width: number, title: string): SVGSVGElement {
  const { data, layout } = figure;
  const height = layout.height ?? 300;
  const [x, y] = [layout.xaxis ?? {}, layout.yaxis ?? {}];
  const named = data.filter((t) => t.name && t.showlegend !== false);
  const heat = data.some((t) => t.type === "heatmap");
  const legendRows = heat ? 0 : legendLines(named, width).length;
  const onTop = x.side === "top";
  const left = Math.min(width * 0.5, namesWidth(figure)) + (y.title?.text ? 20 : 0);
  const xTexts = tickTexts(x, data.flatMap((t) => t.x));
  const slots = Math.max(1, xTexts.length);
  const tilted = Boolean(x.tickangle) || (heat && longest(xTexts) + GAP > (width - left) / slots);
  const deep = tilted ? Math.min(130, 0.72 * longest(xTexts)) + 14 : LINE;
  const top = 10 + legendRows * 20 + (onTop ? deep : 0) + (data.some((t) => t.mode?.includes("text")) ? 14 : 0);
  const bottom = (onTop ? 8 : deep) + (x.title?.text ? 22 : 0);
  const right = tilted && onTop ? Math.min(60, 0.5 * longest(xTexts)) : RIGHT;
  // Tilted labels take more than the app's figure leaves for them.
  const whole = Math.max(height + (onTop ? deep - LINE : 0), top + 120);
  const box = { left, top, right: width - right, bottom: whole - bottom };
  const total = box.bottom + bottom;

  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("viewBox", `0 0 ${width} ${total}`);
  root.setAttribute("width", `${width}`);
  root.setAttribute("height", `${total}`);
  root.setAttribute("role", "img");
  root.append(node("title", {}, title));
  const across = scale(x, data.map((t) => values(t, "x")).flat(), box.left, box.right, heat);
  const down = scale(y, data.flatMap((t) => t.y), box.bottom, box.top, heat);
  root.append(axes(x, y, across, down, box, total, { tilted, onTop, heat }));
  for (const trace of data) {
    if (trace.type === "heatmap") root.append(...cells(trace, across, down));
    else root.append(...points(trace, across, down));
  }
  if (!heat) root.append(legend(named, width));
  return root;
}

/** Pixels of width that a heat map takes when no two of its labels touch. */
export function leastWidth(figure: Figure): number {
  const { data, layout } = figure;
  const columns = new Set(data.flatMap((t) => t.x)).size;
  const cells = data.flatMap((t) => (t.z ?? []).flatMap((row, i) => row.map((_, j) => template(t.texttemplate ?? "", t, i, j))));
  const texts = [...cells, ...tickTexts(layout.xaxis ?? {}, data.flatMap((t) => t.x))];
  return namesWidth(figure) + columns * (longest(texts) + 2 * GAP) + RIGHT;
}

/** What the labels of the rows take. */
function namesWidth({ data, layout }: Figure): number {
  return longest(tickTexts(layout.yaxis ?? {}, data.flatMap((t) => t.y))) + 14;
}

function node(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, typeof value === "number" ? `${Math.round(100 * value) / 100}` : value);
  }
  if (text !== undefined) element.textContent = text;
  return element;
}

function values(trace: Trace, side: "x" | "y"): Value[] {
  const bars = side === "x" ? trace.error_x : undefined;
  if (!bars) return trace[side];
  return trace.x.flatMap((v, i) => [Number(v) - bars.arrayminus[i]!, Number(v) + bars.array[i]!]);
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function axes(
  x: Axis, y: Axis, across: Scale, down: Scale, box: Box, height: number,
  { tilted, onTop, heat }: { tilted: boolean; onTop: boolean; heat: boolean },
): SVGElement {
  const group = node("g", { class: "axes" });
  const beside = onTop ? box.top - 8 : box.bottom + 16;
  for (const { at, text } of across.ticks) {
    if (!heat && x.showgrid !== false) {
      group.append(node("line", { x1: at, x2: at, y1: box.top, y2: box.bottom, class: "grid" }));
    }
    const turned = { transform: `rotate(-45 ${at} ${beside})`, "text-anchor": onTop ? "start" : "end" };
    const straight = { "text-anchor": "middle" };
    group.append(node("text", { x: at, y: beside, ...(tilted ? turned : straight) }, text));
  }
  for (const { at, text } of down.ticks) {
    if (!heat && y.showgrid !== false) {
      group.append(node("line", { x1: box.left, x2: box.right, y1: at, y2: at, class: "grid" }));
    }
    group.append(node("text", { x: box.left - 8, y: at + 4, "text-anchor": "end" }, text));
  }
  const [middle, centre] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  if (x.title?.text) {
    group.append(node("text", { x: middle, y: height - 4, "text-anchor": "middle" }, x.title.text));
  }
  if (y.title?.text) {
    const turned = { transform: `rotate(-90 12 ${centre})`, "text-anchor": "middle" };
    group.append(node("text", { x: 12, y: centre + 4, ...turned }, y.title.text));
  }
  return group;
}

function points(trace: Trace, across: Scale, down: Scale, kind = "point"): SVGElement[] {
  const mode = trace.mode ?? "lines";
  const colour = trace.marker?.color ?? trace.line?.color ?? "#8a8178";
  const at = trace.x.map((value, i) => [across.at(value), down.at(trace.y[i]!)] as const);
  const found: SVGElement[] = [];
  const { error_x: bars } = trace;
  if (bars) {
    trace.x.forEach((value, i) => {
      const [from, to] = [Number(value) - bars.arrayminus[i]!, Number(value) + bars.array[i]!].map(across.at);
      const high = at[i]![1];
      const d = `M${from} ${high}H${to}M${from} ${high - 5}v10M${to} ${high - 5}v10`;
      found.push(node("path", { d, fill: "none", stroke: bars.color ?? colour, "stroke-width": bars.thickness ?? 2 }));
    });
  }
  if (mode.includes("lines")) {
    const step = trace.line?.shape === "hv";
    const d = at.map(([x, y], i) => (i === 0 ? `M${x} ${y}` : step ? `H${x}V${y}` : `L${x} ${y}`)).join("");
    found.push(node("path", {
      d, fill: "none", stroke: trace.line?.color ?? colour, "stroke-width": trace.line?.width ?? 2,
      "stroke-dasharray": trace.line?.dash === "dot" ? "2 4" : trace.line?.dash === "dash" ? "7 5" : "none",
    }));
  }
  if (mode.includes("markers")) {
    at.forEach(([x, y], i) => {
      const size = trace.marker?.size ?? 6;
      const open = trace.marker?.symbol?.endsWith("-open") ?? false;
      const mark = node("circle", {
        cx: x, cy: y, r: (Array.isArray(size) ? size[i]! : size) / 2, class: kind,
        fill: open ? "none" : colour, stroke: colour, "stroke-width": open ? 2 : 0,
      });
      found.push(titled(mark, trace, i));
    });
  }
  if (mode.includes("text")) {
    at.forEach(([x, y], i) => {
      const text = (trace.text as string[] | undefined)?.[i];
      const side = trace.textposition?.[i]?.split(" ")[1];
      const anchor = side === "right" ? "start" : side === "left" ? "end" : "middle";
      if (text) found.push(node("text", { x, y: y - 12, "text-anchor": anchor }, text));
    });
  }
  return found;
}

function cells(trace: Trace, across: Scale, down: Scale): SVGElement[] {
  const z = trace.z ?? [];
  const [low, high] = [trace.zmin ?? Math.min(...known(z)), trace.zmax ?? Math.max(...known(z))];
  return z.flatMap((row, i) =>
    row.flatMap((value, j) => {
      const [x, y] = [across.at(trace.x[j]!), down.at(trace.y[i]!)];
      const text = template(trace.texttemplate ?? "", trace, i, j);
      const label = node("text", { x, y: y + 4, "text-anchor": "middle", class: "value" }, text);
      if (value === null) return text ? [label] : [];
      const fill = between(trace.colorscale ?? [], (value - low) / (high - low || 1));
      const cell = node("rect", {
        x: x - across.step / 2 + 1, y: y - down.step / 2 + 1, width: Math.max(1, across.step - 2),
        height: Math.max(1, down.step - 2), fill, class: "cell",
      });
      return [titled(cell, trace, i, j), label];
    }),
  );
}

function known(z: (number | null)[][]): number[] {
  return z.flat().filter((v) => v !== null);
}

/** A colour between the stops, which are given as rgba(). */
function between(stops: [number, string][], share: number): string {
  const next = Math.max(1, stops.findIndex(([stop]) => stop >= share));
  const [[low, from], [high, to]] = [stops[next - 1]!, stops[next]!];
  const [a, b] = [from, to].map((colour) => (colour.match(/[\d.]+/g) ?? []).map(Number));
  const part = Math.min(1, Math.max(0, (share - low) / (high - low)));
  return `rgba(${a!.map((v, i) => v + (b![i]! - v) * part).join(",")})`;
}

/** What Plotly shows when one points at a mark. */
function titled(mark: SVGElement, trace: Trace, i: number, j?: number): SVGElement {
  if (trace.hoverinfo === "skip" || !trace.hovertemplate) return mark;
  const [text] = trace.hovertemplate.split("<extra>");
  mark.append(node("title", {}, template(text!, trace, i, j).replaceAll("<br>", "\n")));
  return mark;
}

/** Plotly's templates: %{x}, %{z:.2f}, %{customdata[1]:.1f}, %{y:.0%}. */
function template(text: string, trace: Trace, i: number, j?: number): string {
  return text.replace(/%\{(\w+)(?:\[(\d+)\])?(?::([^}]*))?\}/g, (_, name: string, index?: string, format?: string) => {
    const row = (trace as unknown as Record<string, unknown[]>)[name];
    let value: unknown = name === "x" && j !== undefined ? row?.[j] : row?.[i];
    if (j !== undefined && Array.isArray(value)) value = value[j];
    if (index !== undefined && Array.isArray(value)) value = value[Number(index)];
    if (value === null || value === undefined) return "";
    const [, digits, percent] = format?.match(/^\.(\d)(%|f)$/) ?? [];
    if (digits === undefined || typeof value !== "number") return String(value);
    return percent === "%" ? `${(100 * value).toFixed(Number(digits))}%` : value.toFixed(Number(digits));
  });
}

/** The names of the legend, in as many lines as they need. */
function legendLines(named: Trace[], width: number): Trace[][] {
  const lines: Trace[][] = [];
  let used = Infinity;
  for (const trace of named) {
    const need = widthOf(trace.name!) + SAMPLE;
    if (used + need > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)!.push(trace);
    used += need;
  }
  return lines;
}

function legend(named: Trace[], width: number): SVGElement {
  const group = node("g", { class: "legend" });
  legendLines(named, width).forEach((line, row) => {
    let x = 4;
    for (const trace of line) {
      const y = 12 + 20 * row;
      const sample: Trace = { ...trace, x: [x, x + 18], y: [y, y], text: undefined, error_x: undefined, hoverinfo: "skip" };
      const plain = { at: Number, ticks: [], step: 0 };
      if (trace.mode === "markers" || trace.mode === "markers+text") {
        sample.x = [x + 9];
        sample.mode = "markers";
      }
      sample.marker = { ...trace.marker, size: 9 };
      group.append(...points(sample, plain, plain, "sample"));
      group.append(node("text", { x: x + 25, y: y + 4 }, trace.name!));
      x += widthOf(trace.name!) + SAMPLE;
    }
  });
  return group;
}
