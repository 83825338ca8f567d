/** A photo file becomes upright pixels on white, as in `flowers/photos.py`. */

import { UserError } from "./models";
import { type Picture, reduce, toSquare } from "./resample";

const STRIP = 4_000_000;
/** Pixels that are drawn at a time; phones refuse a canvas of a large photo. */

/** Which photos are read at all: the build takes both from `flowers/photos.py`. */
export interface Limits {
  mostPixels: number;
  /** Of width and height, in pixels. */
  leastSide: number;
}

/** The photo as uint8[size, size, 3], one for each size. Throws `UserError`. */
export async function readPhoto(
  file: Blob, name: string, sizes: number[], limits: Limits,
): Promise<Uint8Array[]> {
  const image = await open(file, name);
  try {
    check(image.width, image.height, name, limits);
    const atLeast = 2 * Math.max(...sizes);
    const picture = pixels(image, (await isJpeg(file)) ? jpegScale(image, atLeast) : 1);
    return sizes.map((size) => toSquare(picture, size));
  } finally {
    image.close();
  }
}

async function open(file: Blob, name: string): Promise<ImageBitmap> {
  try {
    // Upright by EXIF, and in the colours that its profile means, as `flowers/profiles.py` has them.
    return await createImageBitmap(file, {
      imageOrientation: "from-image",
      colorSpaceConversion: "default",
    });
  } catch {
    if (/\.(hei[cf]|tiff?)$/i.test(name)) {
      throw new UserError(
        `${name} is in a format that this browser cannot open; export it as JPEG, or use the app.`,
      );
    }
    throw new UserError(
      `${name} is not a photo that can be read; use JPEG, PNG, WebP or AVIF.`,
    );
  }
}

function check(width: number, height: number, name: string, limits: Limits): void {
  const { mostPixels, leastSide } = limits;
  if (width * height > mostPixels) {
    throw new UserError(
      `${name} has too many pixels; make it smaller than ${Math.floor(mostPixels / 1e6)} megapixels. ` +
        `Received: ${width} x ${height}`,
    );
  }
  if (Math.min(width, height) < leastSide) {
    throw new UserError(
      `${name} is too small to show a flower; use one at least ${leastSide} pixels wide and high. ` +
        `Received: ${width} x ${height}`,
    );
  }
}

async function isJpeg(file: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

/** Python decodes large JPEG photos at a half, a quarter or an eighth; a box filter comes close. */
function jpegScale(image: ImageBitmap, atLeast: number): number {
  const most = Math.min(Math.floor(image.width / atLeast), Math.floor(image.height / atLeast));
  return [8, 4, 2].find((scale) => most >= scale) ?? 1;
}

/** The pixels on white, made smaller by a whole factor, strip by strip. */
function pixels(image: ImageBitmap, scale: number): Picture {
  const [width, height] = [Math.ceil(image.width / scale), Math.ceil(image.height / scale)];
  const picture = { width, height, rgb: new Uint8Array(3 * width * height) };
  const rows = Math.max(scale, Math.floor(STRIP / image.width / scale) * scale);
  const canvas = new OffscreenCanvas(image.width, Math.min(rows, image.height));
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: true })!;
  for (let top = 0; top < image.height; top += rows) {
    const high = Math.min(rows, image.height - top);
    context.fillStyle = "white";
    context.fillRect(0, 0, image.width, high);
    context.drawImage(image, 0, -top);
    const { data } = context.getImageData(0, 0, image.width, high);
    const rgb = new Uint8Array((data.length / 4) * 3);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      rgb[to] = data[from]!;
      rgb[to + 1] = data[from + 1]!;
      rgb[to + 2] = data[from + 2]!;
    }
    const strip = { width: image.width, height: high, rgb };
    const smaller = scale > 1 ? reduce(strip, scale, scale) : strip;
    picture.rgb.set(smaller.rgb, 3 * width * (top / scale));
  }
  return picture;
}
