/** Numbers as Python writes them: a tie goes to the even digit, where JavaScript takes the larger. */

const EXACT = 60;
/** Digits in which all ties between numbers of few digits show; JavaScript gives a hundred at most. */

/** A number that is not negative with `digits` digits behind the point, as by Python's ".1f". */
export function fixed(value: number, digits: number): string {
  return evenTie(value.toFixed(digits + EXACT)) ?? value.toFixed(digits);
}

/** A number of at most 1 with two digits, as by Python's ".2g". */
export function twoDigits(value: number): string {
  const [exact, power] = value.toExponential(1 + EXACT).split("e") as [string, string];
  const tie = evenTie(exact);
  const rounded = tie === null ? value : Number(`${tie}e${power}`);
  const [digits, exponent] = rounded.toExponential(1).split("e");
  if (Number(exponent) >= -4) return String(Number(rounded.toPrecision(2)));
  return `${Number(digits)}e-${String(-Number(exponent)).padStart(2, "0")}`;
}

/** The digits before the last `EXACT` where those lie in the middle and the one before is even. */
function evenTie(exact: string): string | null {
  const kept = exact.slice(0, -EXACT).replace(/\.$/, "");
  return /^50*$/.test(exact.slice(-EXACT)) && /[02468]$/.test(kept) ? kept : null;
}
