/** Scripts of the app that do the same here: `flowers/page/scripts/`. */

import { write } from "./address";
import "../../flowers/page/scripts/drop.js";
import "../../flowers/page/scripts/sort.js";

declare global {
  interface Window {
    flowersDrop(element: HTMLElement, take: (dropped: DataTransfer) => void): void;
    flowersSort(element: HTMLElement): void;
    flowersAddress: { write(changes: Record<string, string>): void };
  }
}

window.flowersAddress = { write };

/** Lets files be dropped on an element. */
export const takeDropped = window.flowersDrop;

/** Lets the table within an element be sorted by its headers. */
export const sortable = window.flowersSort;
