/** The page: tabs, light and dark, and what starts when it opens. */

import { Batch } from "./batch";
import { Classify } from "./classify";
import { comparison } from "./comparison";
import { find } from "./elements";
import { installOffline } from "./offline";
import { Zoo } from "./zoo";

const TABS = ["classify", "photos", "comparison", "about"] as const;

const query = new URLSearchParams(location.search);
const dark = query.get("__theme") ?? localStorage.getItem("theme");
document.documentElement.classList.toggle(
  "dark", dark ? dark === "dark" : matchMedia("(prefers-color-scheme: dark)").matches,
);

document.addEventListener("DOMContentLoaded", async () => {
  find("#theme-switch").addEventListener("click", () => {
    const on = document.documentElement.classList.toggle("dark");
    localStorage.setItem("theme", on ? "dark" : "light");
  });
  tabs();
  comparison(find("#panel-comparison"));
  await installOffline();
  const zoo = new Zoo((backbone, share) => classify.progress(backbone, share));
  const classify = new Classify(zoo);
  new Batch(zoo);
  document.documentElement.dataset.ready = "true";
  void zoo.start().then(() => (find("#engine").textContent = zoo.engine));
  await classify.open(query);
  void zoo.tidy().catch(() => undefined); // Offline there is nothing to compare with.
});

function tabs(): void {
  const buttons = TABS.map((name) => find<HTMLButtonElement>(`#tab-${name}`));
  const select = (name: string): void => {
    TABS.forEach((other, i) => {
      const on = other === name;
      buttons[i]!.setAttribute("aria-selected", `${on}`);
      buttons[i]!.tabIndex = on ? 0 : -1;
      find(`#panel-${other}`).hidden = !on;
    });
  };
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => select(TABS[i]!));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (i + step + TABS.length) % TABS.length;
      select(TABS[next]!);
      buttons[next]!.focus();
    });
  });
  const wanted = query.get("tab");
  select(TABS.find((name) => name === wanted) ?? "classify");
}
