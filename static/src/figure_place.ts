/** A place of the page for a figure, which is drawn anew when its width changes. */

import { draw, leastWidth } from "./charts";
import type { Figure } from "./figure";

const WIDE = 560;
/** Pixels below which a wide figure scrolls sideways instead of being squeezed. */

export class FigurePlace {
  private figure: Figure | null = null;

  constructor(private readonly place: HTMLElement) {
    new ResizeObserver(() => this.draw()).observe(place);
  }

  show(figure: Figure | null): void {
    this.figure = figure;
    this.draw();
  }

  private draw(): void {
    const { figure, place } = this;
    if (!place.clientWidth) return;
    const scarce = figure && place.closest(".wide") && place.clientWidth < WIDE;
    const width = Math.max(place.clientWidth, scarce ? leastWidth(figure) : 0);
    const heading = place.closest(".chart")?.querySelector("h3")?.textContent ?? "";
    place.replaceChildren(...(figure ? [draw(figure, width, heading)] : []));
    const scrolls = figure !== null && width > place.clientWidth; // The keyboard must get there, too.
    if (scrolls) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}
