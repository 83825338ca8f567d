/**
 * Every two models as a figure: `difference_chart` of `flowers/page/charts/matrices.py`, whose look
 * comes from there.
 */

import { counted } from "./elements";
import type { Figure } from "./figure";
import type { Score, Standings } from "./judge";
import { nameOf } from "./leader";
import { sayer, type Words } from "./looks";
import { twoDigits } from "./rounding";

/** The matrix of no models, and pixels of height for each. */
export interface Empty {
  figure: Figure;
  row: number;
}

interface Side {
  model: Score;
  place: number;
  only: number;
}

/** Each pair of models stands once, in the column of the one that reads more photos right. */
export function differenceFigure({ scores, pairs }: Standings, words: Words, { figure, row }: Empty): Figure {
  const ranked = [...scores].sort((a, b) => b.accuracy - a.accuracy);
  const columns = ranked.slice(1).map((_, i) => `${i + 1}`);
  const blank = <T>(value: T): T[][] => ranked.map(() => columns.map(() => value));
  const [z, text, customdata] = [blank<number | null>(null), blank(""), blank("")];
  const plain = (key: string, values: Record<string, string | number>): string =>
    sayer(words)(key, values).replaceAll("**", "");
  for (const { first, second, onlyFirst, onlySecond, p, adjusted } of pairs) {
    const side = (model: Score, only: number): Side => ({ model, place: ranked.indexOf(model), only });
    const [a, b] = [side(first, onlyFirst), side(second, onlySecond)];
    const [better, other] = a.place < b.place ? [a, b] : [b, a];
    const gain = better.only - other.only;
    z[other.place]![better.place] = Number(adjusted < words.significant);
    text[other.place]![better.place] = `${gain > 0 ? "+" : ""}${gain}`;
    customdata[other.place]![better.place] = [
      ...[better, other].map(({ model, only }) => plain("two_only", { name: nameOf(model, words), photos: counted(only, "photo") })),
      plain("two_test", { p: twoDigits(p), adjusted: twoDigits(adjusted), pairs: counted(pairs.length, "pair") }),
    ].join("<br>");
  }
  const y = ranked.map((model, i) => `${nameOf(model, words)}  ${i + 1}`);
  return {
    data: figure.data.map((trace) => ({ ...trace, x: columns, y, z, text, customdata })),
    layout: { ...figure.layout, height: figure.layout.height! + row * ranked.length },
  };
}
