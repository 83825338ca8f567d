/** What is left aside for its name: the rules of `flowers/folders/aside.py`, pinned by a test. */

/** Whether a name on the way to a file is hidden, or one of `names`, which are in small letters. */
export function isAside(path: string, names: readonly string[]): boolean {
  return path.split("/").some((part) => part.startsWith(".") || names.includes(part.toLowerCase()));
}
