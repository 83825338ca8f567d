/** The page: tabs, light and dark, and what starts when it opens. */

import { write } from "./address";
import { answeredExample } from "./answered";
import { Batch } from "./batch";
import { Classify } from "./classify";
import { comparison } from "./comparison";
import { find } from "./elements";
import { isolate, isolates, keepOffline } from "./offline";
import { Zoo } from "./zoo";

const QUIET = 1000;
/** Milliseconds between the answer to what a link shows and what is done for the next visit. */

const query = new URLSearchParams(location.search);
const dark = query.get("__theme") ?? localStorage.getItem("theme");
document.documentElement.classList.toggle(
  "dark", dark ? dark === "dark" : matchMedia("(prefers-color-scheme: dark)").matches,
);

if (isolates()) void isolate();
else void open();

async function open(): Promise<void> {
  // Models are on their way while the page is laid out.
  const zoo = new Zoo((backbone, share) => classify?.progress(backbone, share));
  let classify: Classify | null = null;
  const example = query.get("example");
  if (example && example !== answeredExample) zoo.expect(query.get("backbones")?.toLowerCase().split(",") ?? null);
  await new Promise<void>((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve());
    else resolve();
  });
  find("#theme-switch").addEventListener("click", () => {
    const on = document.documentElement.classList.toggle("dark");
    localStorage.setItem("theme", on ? "dark" : "light");
  });
  tabs();
  comparison(find("#panel-comparison"));
  classify = new Classify(zoo);
  new Batch(zoo);
  document.documentElement.dataset.ready = "true";
  void zoo.started.then(() => (find("#engine").textContent = zoo.engine));
  await classify.open();
  await zoo.started.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, QUIET)); // The answer is to be seen first.
  if (await keepOffline()) document.documentElement.dataset.kept = "true";
  await zoo.tidy().catch(() => undefined); // Offline there is nothing to compare with.
}

function tabs(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const names = buttons.map((button) => button.id.replace("tab-", ""));
  const select = (name: string): void => {
    names.forEach((other, i) => {
      const on = other === name;
      buttons[i]!.setAttribute("aria-selected", `${on}`);
      buttons[i]!.tabIndex = on ? 0 : -1;
      find(`#panel-${other}`).hidden = !on;
    });
  };
  const open = (name: string): void => {
    select(name);
    write({ tab: name === names[0] ? null : name }, true);
  };
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => open(names[i]!));
    button.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (i + step + names.length) % names.length;
      open(names[next]!);
      buttons[next]!.focus();
    });
  });
  const restore = (): void => {
    const wanted = new URLSearchParams(location.search).get("tab");
    select(names.find((name) => name === wanted) ?? names[0]!);
  };
  restore();
  window.addEventListener("popstate", restore);
}
