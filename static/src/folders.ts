/** Lists the photos in files and folders; the outermost folder with the name of a class labels it. */

import { isAside } from "./aside";
import { Labels, type Named } from "./labels";
import { UserError } from "./models";
import { site } from "./site";

export const labels = new Labels(site.classes, site.labels);

/** One photo of a batch, not yet opened. */
export interface Shot extends Named {
  name: string;
  open(): Promise<Blob>;
}

/** The photos among files, and how many of those are left aside. */
export interface Collected {
  shots: Shot[];
  aside: number;
}

/** The photos among chosen files, or among what was dropped, folders included. */
export async function collect(given: File[] | DataTransfer): Promise<Collected> {
  if (Array.isArray(given)) {
    return labelled(given.map((file) => ({ name: file.webkitRelativePath || file.name, open: async () => file })));
  }
  // All entries are to be taken before the first wait, which empties the list.
  const entries = [...given.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = await Promise.all(entries.map(inside));
  return labelled(found.flat().sort((a, b) => a.name.localeCompare(b.name)));
}

/** Photos that lie beside the page, to try many with. */
export function samples(): Shot[] {
  return site.samples.map(({ name, label }) => ({
    name, label, folder: null,
    open: async () => {
      const response = await fetch(`samples/${name}`).catch(() => null);
      if (!response?.ok) throw new UserError(`${name} cannot be fetched; connect to the internet.`);
      return response.blob();
    },
  }));
}

async function inside(entry: FileSystemEntry): Promise<Found[]> {
  if (entry.isFile) {
    const open = (): Promise<Blob> =>
      new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ name: entry.fullPath.replace(/^\//, ""), open }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) { // A hundred at a time, in Chromium.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(inside))).flat());
  }
}

/** A photo by its name with folders; what those mean is known once all are. */
interface Found {
  name: string;
  open(): Promise<Blob>;
}

/** The photos, with what their folders say of them. */
function labelled(found: Found[]): Collected {
  const photos = found.filter(isPhoto);
  const [alone, within] = [false, true].map((folder) => photos.filter(({ name }) => name.includes("/") === folder));
  const named = labels.of(within!.map(({ name }) => name));
  const shots = [
    ...alone!.map((photo) => ({ ...photo, label: null, folder: null })),
    ...within!.map((photo, i) => ({ ...photo, ...named[i]! })),
  ];
  return { shots, aside: found.length - shots.length };
}

function isPhoto({ name }: Found): boolean {
  return !isAside(name, site.asideNames) && site.suffixes.some((suffix) => name.toLowerCase().endsWith(suffix));
}
