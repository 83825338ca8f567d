/** What was read of a batch, as CSV. */

import { inOneWord } from "./looks";
import type { Row } from "./photos_table";
import { fixed } from "./rounding";
import { site } from "./site";
import { label, probability } from "./verdict";

/** One line per photo and model. */
export function toCsv(rows: readonly Row[]): string {
  const lines: (string | number | boolean)[][] = [site.csvColumns];
  for (const row of rows) {
    const together = row.verdict ? inOneWord(row.verdict) : "";
    for (const p of row.predictions) {
      lines.push([row.photo, row.label ?? "", together, p.backbone, p.variant, label(p),
        Number(fixed(probability(p), 5)), p.known ? "True" : "False", Number(fixed(p.milliseconds!, 2))]);
    }
  }
  return lines.map((line) => line.map(field).join(",") + "\n").join("");
}

/** Text that a spreadsheet does not take for a formula, quoted where CSV needs it. */
function field(value: string | number | boolean): string {
  const text = typeof value === "string" && /^\s*[=+\-@]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
