/** Lists the photos in files and folders; the outermost folder with the name of a class labels it. */

import { UserError } from "./models";
import { site } from "./site";

/** One photo of a batch, not yet opened. */
export interface Shot {
  name: string;
  label: string | null;
  open(): Promise<Blob>;
}

/** The photos among chosen files, or among what was dropped, folders included. */
export async function collect(given: File[] | DataTransfer): Promise<Shot[]> {
  if (Array.isArray(given)) {
    return given.map((file) => shot(file.webkitRelativePath || file.name, async () => file)).filter(isPhoto);
  }
  // All entries are to be taken before the first wait, which empties the list.
  const entries = [...given.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map(inside));
  return found.flat().filter(isPhoto).sort((a, b) => a.name.localeCompare(b.name));
}

/** Photos that lie beside the page, to try many with. */
export function samples(): Shot[] {
  return site.samples.map(({ name, label }) => ({
    name, label,
    open: async () => {
      const response = await fetch(`samples/${name}`).catch(() => null);
      if (!response?.ok) throw new UserError(`${name} cannot be fetched; connect to the internet.`);
      return response.blob();
    },
  }));
}

async function inside(entry: FileSystemEntry): Promise<Shot[]> {
  if (entry.isFile) {
    const open = (): Promise<Blob> =>
      new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [shot(entry.fullPath.replace(/^\//, ""), open)];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Shot[] = [];
  for (;;) { // A hundred at a time, in Chromium.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(inside))).flat());
  }
}

function shot(path: string, open: () => Promise<Blob>): Shot {
  const labels = path.split("/").slice(0, -1).map(classNamed);
  return { name: path, label: labels.find((found) => found !== null) ?? null, open };
}

/** The class that a folder means: by its very name, else tidied, else without capitals. */
function classNamed(folder: string): string | null {
  const tidy = (name: string): string => name.normalize("NFC").trim();
  const keys = [(name: string) => name, tidy, (name: string) => tidy(name).toLowerCase()];
  for (const key of keys) {
    const fitting = site.classes.filter((name) => key(name) === key(folder));
    if (fitting.length) return fitting.length === 1 ? fitting[0]! : null;
  }
  return null;
}

function isPhoto({ name }: Shot): boolean {
  const parts = name.split("/");
  const hidden = parts.some((part) => part.startsWith(".") || part.startsWith("__MACOSX"));
  return !hidden && site.suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));
}
