/** Focus maps as small transparent pictures that lie over the photo. */

import { site } from "./site";
import type { Look } from "./zoo";

const SIDE = 56;
/** Pixels of an overlay. The browser stretches it to the photo, which the model saw squeezed. */

/** The focus map of a class on a canvas; null where the model does not have the class. */
export function overlay({ focus, classes }: Look, name: string): HTMLCanvasElement | null {
  const at = classes.indexOf(name);
  if (at < 0) return null;
  const size = focus.height * focus.width;
  const map = Array.from({ length: size }, (_, i) => focus.values[i * classes.length + at]!);
  const most = Math.max(...map, 1e-12);
  const rows = enlarge(map.map((v) => v / most), focus.width, focus.height);
  const smooth = transpose(enlarge(transpose(rows, SIDE, focus.height), focus.height, SIDE), SIDE, SIDE);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(SIDE, SIDE);
  smooth.forEach((value, i) => {
    const strength = Math.min(1, Math.max(0, value));
    image.data.set([...colour(strength), strength ** site.focus.fade * 255 * site.focus.strongest], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function colour(strength: number): number[] {
  const { stops, colours } = site.focus;
  const next = Math.max(1, stops.findIndex((stop) => stop >= strength));
  const [low, high] = [stops[next - 1]!, stops[next]!];
  const share = (strength - low) / (high - low);
  return [0, 1, 2].map((c) => colours[next - 1]![c]! * (1 - share) + colours[next]![c]! * share);
}

/** Each row of width values as SIDE values, by Catmull-Rom. */
function enlarge(values: readonly number[], width: number, height: number): number[] {
  const result: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < SIDE; i++) {
      const centre = ((i + 0.5) * width) / SIDE - 0.5;
      let [sum, weights] = [0, 0];
      for (let x = Math.max(0, Math.ceil(centre - 2)); x <= Math.min(width - 1, centre + 2); x++) {
        const weight = bicubic(Math.abs(x - centre));
        sum += weight * values[y * width + x]!;
        weights += weight;
      }
      result.push(sum / weights);
    }
  }
  return result;
}

function bicubic(x: number): number {
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

function transpose(values: readonly number[], width: number, height: number): number[] {
  return Array.from({ length: values.length }, (_, i) => values[(i % height) * width + Math.floor(i / height)]!);
}
