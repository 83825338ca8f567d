/** Elements made without HTML text, so that no file name or class name is ever markup. */

import { fixed } from "./rounding";

type Child = Node | string | null | undefined | false;

/** An element with attributes and children; what is null or false is left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string | number | boolean | null> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : `${value}`);
  }
  element.append(...children.filter((c): c is Node | string => Boolean(c)));
  return element;
}

export function find<E extends HTMLElement = HTMLElement>(selector: string, inside: ParentNode = document): E {
  const found = inside.querySelector<E>(selector);
  if (!found) throw new Error(`There is no ${selector} on the page.`);
  return found;
}

/** A link that saves a text as a file. */
export function download(name: string, kind: string, text: string, words: string): HTMLAnchorElement {
  const href = URL.createObjectURL(new Blob([text], { type: kind }));
  return h("a", { download: name, href }, words);
}

/** With a comma at the thousands. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** 1 photo, 1,234 photos. */
export function counted(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A share for people: 0.934 becomes "93 %". Only a full 1 becomes "100 %". */
export function percent(share: number, digits = 0): string {
  const limit = 1 - 0.5 * 10 ** -(digits + 2);
  if (limit <= share && share < 1) return `> ${(100 - 10 ** -digits).toFixed(digits)}\u202f%`;
  return `${fixed(100 * share, digits)}\u202f%`;
}
