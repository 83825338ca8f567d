/** The choice of backbones and variants, which lies in the page as checkboxes. */

import { VARIANTS } from "./models";
import type { Chosen } from "./site";

export class Picker {
  constructor(private readonly root: HTMLElement) {}

  get chosen(): Chosen {
    const ticked = (name: string): string[] =>
      this.boxes(name).filter((box) => box.checked).map((box) => box.value);
    const variants = ticked("variant");
    return { backbones: ticked("backbone"), variants: VARIANTS.filter((v) => variants.includes(v)) };
  }

  /** Tick only what is named, all for null; what cannot be used stays as it is. */
  choose(name: "backbone" | "variant", wanted: readonly string[] | null): void {
    for (const box of this.boxes(name)) if (!box.disabled) box.checked = wanted?.includes(box.value) ?? true;
  }

  /** Whether everything is ticked that can be. */
  all(name: "backbone" | "variant"): boolean {
    return this.boxes(name).every((box) => box.checked || box.disabled);
  }

  onChange(changed: () => void): void {
    this.root.addEventListener("change", changed);
  }

  private boxes(name: string): HTMLInputElement[] {
    return [...this.root.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];
  }
}
