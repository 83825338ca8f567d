/**
 * Labels by folders, for models whose classes are known: the rules of `flowers/folders/labels.py` and
 * `names.py`, pinned by a test that has both label the same folders.
 */

/** What the build takes from there. */
export interface Rules {
  /** Matches a folder that is a part of a set, such as "train". */
  part: string;
  /** Least similarity of a name and the class that is suggested for it. */
  alike: number;
  /** Marks that nobody sees. */
  invisible: string;
  /** Sentences, with what stands between braces filled in. */
  not_a_class: string;
  meant: string;
}

/** What the folders of a photo say of it. */
export interface Named {
  /** The class that one of its folders means, the outermost first. */
  label: string | null;
  /** Where none does, the folder whose name might have been meant for one. */
  folder: string | null;
}

/** A folder name that is not a class, so that its photos have no label. */
export interface DroppedLabel {
  folder: string;
  photos: number;
  /** The class whose name is most like it. */
  suggestion: string | null;
}

export class Labels {
  private readonly isPart: RegExp;

  constructor(private readonly classes: readonly string[], private readonly rules: Rules) {
    this.isPart = new RegExp(`^(?:${rules.part.replaceAll("(?P<", "(?<")})$`, "u");
  }

  /** The labels of photos, by their names with folders. */
  of(names: readonly string[]): Named[] {
    const paths = names.map((name) => name.split("/").slice(0, -1));
    const labels = new Map<string, string | null>();
    const beside = new Set<string>(); // Folders that hold class folders.
    for (const path of paths) {
      if (labels.has(path.join("/"))) continue;
      const meant = path.map((name) => this.named(name));
      const depth = meant.findIndex((found) => found !== null);
      labels.set(path.join("/"), meant[depth] ?? null);
      if (depth >= 0) beside.add(path.slice(0, depth).join("/"));
    }
    const top = common(paths);
    return paths.map((path) => {
      const label = labels.get(path.join("/"))!;
      return { label, folder: label === null ? this.meantForOne(path, beside, top) : null };
    });
  }

  /** The folders of photos without a label as a list of names, with the class that each may mean. */
  dropped(folders: readonly (string | null)[]): DroppedLabel[] {
    const counts = new Map<string, number>();
    for (const folder of folders) if (folder !== null) counts.set(folder, (counts.get(folder) ?? 0) + 1);
    return [...counts].sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([folder, photos]) => ({ folder, photos, suggestion: this.nearest(folder) }));
  }

  /** The sentence that says so. */
  sentence({ folder, photos, suggestion }: DroppedLabel): string {
    const quoted = folder.includes("'") && !folder.includes('"') ? `"${folder}"` : `'${folder}'`;
    const meant = suggestion === null ? "" : filled(this.rules.meant, { suggestion });
    return filled(this.rules.not_a_class, { folder: quoted, photos, meant });
  }

  /** The class that a folder means: by its very name, else tidied, else without capitals. */
  private named(folder: string): string | null {
    const keys = [(name: string) => name, this.tidy, this.withoutCapitals];
    for (const key of keys) {
      const fitting = this.classes.filter((name) => key(name) === key(folder));
      if (fitting.length) return fitting.length === 1 ? fitting[0]! : null;
    }
    return null;
  }

  /** The class that is most like a name which is not a class. */
  private nearest(folder: string): string | null {
    const byLetters = new Map(this.classes.map((name) => [this.letters(name), name]));
    const wanted = this.letters(folder);
    const within = [...byLetters.keys()].filter((letters) => letters && wanted.includes(letters));
    if (within.length) return byLetters.get(within.reduce((a, b) => (b.length > a.length ? b : a)))!;
    const close = [...byLetters.keys()]
      .map((letters): [number, string] => [likeness(letters, wanted), letters])
      .filter(([alike]) => alike >= this.rules.alike)
      .sort(([a, x], [b, y]) => b - a || (x < y ? 1 : -1));
    return close.length ? byLetters.get(close[0]![1])! : null;
  }

  /** The folder beside the class folders, or else the outermost that is not a part of the set. */
  private meantForOne(path: readonly string[], beside: ReadonlySet<string>, top: number): string | null {
    const depth = path.map((_, at) => path.slice(0, at).join("/")).findLastIndex((above) => beside.has(above));
    const found = path.slice(depth < 0 ? top : depth).find((name) => !this.isPart.test(this.withoutCapitals(name)));
    return found === undefined ? null : this.tidy(found);
  }

  private readonly tidy = (name: string): string => {
    const ends = new RegExp(`^[${this.rules.invisible}]+|[${this.rules.invisible}]+$`, "g");
    return name.normalize("NFC").replace(ends, "").trim().replace(ends, "");
  };

  private readonly withoutCapitals = (name: string): string =>
    this.tidy(name).toUpperCase().toLowerCase().normalize("NFC");

  private letters(name: string): string {
    return this.withoutCapitals(name).replace(/[^\p{L}\p{Nl}\p{No}]+/gu, "");
  }
}

/** How many folders hold all photos. */
function common(paths: readonly string[][]): number {
  const shortest = Math.min(...paths.map((path) => path.length));
  const differs = (at: number): boolean => paths.some((path) => path[at] !== paths[0]![at]);
  for (let at = 0; at < shortest; at++) if (differs(at)) return at;
  return Number.isFinite(shortest) ? shortest : 0;
}

/** Similarity of two texts, 0 to 1, as Python's difflib has it (Ratcliff & Obershelp). */
function likeness(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  return x.length + y.length ? (2 * matching(x, y)) / (x.length + y.length) : 1;
}

/** Letters in common: those of the longest piece, and of what is before and behind it. */
function matching(a: readonly string[], b: readonly string[]): number {
  let [most, i, j] = [0, 0, 0];
  a.forEach((_, from) => b.forEach((_, to) => {
    let length = 0;
    while (from + length < a.length && a[from + length] === b[to + length]) length++;
    if (length > most) [most, i, j] = [length, from, to];
  }));
  if (!most) return 0;
  return most + matching(a.slice(0, i), b.slice(0, j)) + matching(a.slice(i + most), b.slice(j + most));
}

function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}
