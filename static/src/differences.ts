/** Whether the models of a batch differ by more than chance: a sentence, or every two of them. */

import { differenceFigure } from "./difference_figure";
import { find, h } from "./elements";
import { FigurePlace } from "./figure_place";
import type { Standings } from "./judge";
import { say, site } from "./site";

export class Differences {
  private readonly plot: FigurePlace;

  constructor(private readonly place: HTMLElement) {
    this.plot = new FigurePlace(find(".plot", place));
  }

  show(standings: Standings | null): void {
    const several = standings !== null && standings.scores.length > 1;
    this.place.hidden = !several;
    if (!several) return;
    const real = standings.pairs.some(({ adjusted }) => adjusted < site.words.significant);
    const caption = say(real ? "differences" : "no_difference", { tested: say("tested") });
    find(".chart-head", this.place).replaceChildren(h("h3", {}, say("real")), h("p", {}, caption));
    this.plot.show(real ? differenceFigure(standings, site.words, site.differences) : null);
  }
}
