/** What the models said of an example when the page was built: see `static/answered.py`. */

import { site } from "./site";
import type { Look } from "./zoo";

const LEVELS = 255;

/** The example with which the page opens; null where none was read. */
export const answeredExample = site.answered?.example ?? null;

/** What the models said of an example; nothing where they still have to read it. */
export function answeredLooks(example: string | null): Look[] {
  if (!site.answered || example !== site.answered.example) return [];
  return site.answered.looks.map(({ focus: { height, width, levels }, ...said }) => {
    const values = Float32Array.from(atob(levels), (level) => level.charCodeAt(0) / LEVELS);
    return { ...said, milliseconds: null, focus: { height, width, values } };
  });
}
