/** Intervals and paired tests, as in the app's Python. */

const Z2 = 1.959963984540054 ** 2;
/** Of a 95 % interval. */

/** Score interval of an accuracy at 95 % (Wilson 1927); [0, 1] for no photos. */
export function accuracyInterval(correct: number, photos: number): [number, number] {
  if (photos === 0) return [0, 1];
  const middle = (correct + Z2 / 2) / (photos + Z2);
  const spread = Math.sqrt(Z2 * ((correct * (photos - correct)) / photos + Z2 / 4));
  const half = spread / (photos + Z2);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Two-sided p-value of McNemar's exact test, from the photos that only one model read right. */
export function mcnemar(onlyFirst: number, onlySecond: number): number {
  const differing = onlyFirst + onlySecond;
  if (differing === 0) return 1;
  let logarithm = -differing * Math.LN2; // Of binomial(differing, i) / 2^differing.
  let below = Math.exp(logarithm);
  for (let i = 1; i <= Math.min(onlyFirst, onlySecond); i++) {
    logarithm += Math.log((differing - i + 1) / i);
    below += Math.exp(logarithm);
  }
  return Math.min(1, 2 * below);
}

/** Holm's step-down correction of p-values, in the order given (Holm 1979). */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]! || a - b);
  const adjusted = new Array<number>(values.length).fill(0);
  let running = 0;
  order.forEach((i, rank) => {
    running = Math.max(running, Math.min(1, (values.length - rank) * values[i]!));
    adjusted[i] = running;
  });
  return adjusted;
}
