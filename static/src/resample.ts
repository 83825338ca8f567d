/**
 * Pillow's way of making an image smaller, to the bit, on interleaved RGB of 8 bits per sample.
 *
 * The models were trained on photos that Pillow squeezed (`flowers/photos.py`): a box filter by
 * whole factors (`reducing_gap`), then an antialiased bilinear filter in fixed point, rows first.
 */

export interface Picture {
  width: number;
  height: number;
  /** uint8[height, width, 3] */
  rgb: Uint8Array;
}

const BITS = 22;
/** Of the fixed-point weights; `PRECISION_BITS` of Pillow's Resample.c. */

const GAP = 3;
/** How many times larger than wanted the box filter leaves an image. */

/** Squeeze to size x size without cropping, as `flowers.photos.to_square` does. */
export function toSquare(picture: Picture, size: number): Uint8Array {
  const { width, height } = picture;
  const across = Math.max(1, Math.floor(width / size / GAP));
  const down = Math.max(1, Math.floor(height / size / GAP));
  const reduced = across > 1 || down > 1 ? reduce(picture, across, down) : picture;
  // Pillow hands the edges on as 32-bit floats.
  const right = Math.fround(width / across);
  const bottom = Math.fround(height / down);
  const rows = resizeRows(reduced, right, size);
  return resizeColumns(rows, bottom, size).rgb;
}

/** Average boxes of across x down pixels; what is left over at the edges makes smaller boxes. */
export function reduce(picture: Picture, across: number, down: number): Picture {
  const { width, height, rgb } = picture;
  const result = empty(Math.ceil(width / across), Math.ceil(height / down));
  for (let y = 0; y < result.height; y++) {
    const bottom = Math.min(height, (y + 1) * down);
    for (let x = 0; x < result.width; x++) {
      const right = Math.min(width, (x + 1) * across);
      const pixels = (right - x * across) * (bottom - y * down);
      const half = Math.floor(pixels / 2);
      let [red, green, blue] = [half, half, half];
      for (let v = y * down; v < bottom; v++) {
        for (let at = 3 * (v * width + x * across); at < 3 * (v * width + right); at += 3) {
          red += rgb[at]!;
          green += rgb[at + 1]!;
          blue += rgb[at + 2]!;
        }
      }
      // Pillow divides by multiplying with a 32-bit reciprocal, rounded down.
      const reciprocal = Math.floor(2 ** 32 / (256 * pixels));
      const at = 3 * (y * result.width + x);
      result.rgb[at] = Math.floor((red * reciprocal) / 2 ** 24);
      result.rgb[at + 1] = Math.floor((green * reciprocal) / 2 ** 24);
      result.rgb[at + 2] = Math.floor((blue * reciprocal) / 2 ** 24);
    }
  }
  return result;
}

interface Taps {
  /** First source pixel of every result pixel. */
  first: Int32Array;
  /** How many source pixels count. */
  count: Int32Array;
  /** Their weights in fixed point, `most` for every result pixel. */
  weights: Int32Array;
  most: number;
}

/** Weights of the triangle filter, stretched when it makes smaller. */
function taps(source: number, end: number, size: number): Taps {
  const scale = end / size;
  const stretch = Math.max(1, scale);
  const most = Math.ceil(stretch) * 2 + 1;
  const found: Taps = {
    first: new Int32Array(size),
    count: new Int32Array(size),
    weights: new Int32Array(size * most),
    most,
  };
  for (let i = 0; i < size; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - stretch + 0.5));
    const count = Math.min(source, Math.trunc(centre + stretch + 0.5)) - first;
    const weights = Array.from({ length: count }, (_, x) =>
      Math.max(0, 1 - Math.abs((x + first - centre + 0.5) * (1 / stretch))),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    found.first[i] = first;
    found.count[i] = count;
    weights.forEach((weight, x) => {
      found.weights[i * most + x] = Math.trunc(0.5 + (sum ? weight / sum : weight) * 2 ** BITS);
    });
  }
  return found;
}

function resizeRows(picture: Picture, right: number, size: number): Picture {
  if (picture.width === size && right === size) return picture;
  return filter(picture, taps(picture.width, right, size), size, picture.height, true);
}

function resizeColumns(picture: Picture, bottom: number, size: number): Picture {
  if (picture.height === size && bottom === size) return picture;
  return filter(picture, taps(picture.height, bottom, size), picture.width, size, false);
}

function filter(
  picture: Picture, { first, count, weights, most }: Taps, width: number, height: number,
  alongRow: boolean,
): Picture {
  const result = empty(width, height);
  const { rgb } = picture;
  const step = alongRow ? 3 : 3 * picture.width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = alongRow ? x : y;
      let at = alongRow ? 3 * (y * picture.width + first[x]!) : 3 * (first[y]! * picture.width + x);
      let red = 1 << (BITS - 1);
      let [green, blue] = [red, red];
      for (let k = i * most; k < i * most + count[i]!; k++, at += step) {
        red += rgb[at]! * weights[k]!;
        green += rgb[at + 1]! * weights[k]!;
        blue += rgb[at + 2]! * weights[k]!;
      }
      const to = 3 * (y * width + x);
      result.rgb[to] = clip(red >> BITS);
      result.rgb[to + 1] = clip(green >> BITS);
      result.rgb[to + 2] = clip(blue >> BITS);
    }
  }
  return result;
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function empty(width: number, height: number): Picture {
  return { width, height, rgb: new Uint8Array(3 * width * height) };
}
