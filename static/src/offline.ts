/** The service worker: what lets the page work offline, and with threads. */

const TRIED = "isolation-tried";
const PATIENCE = 4000;
/** Milliseconds to wait for the first installation. */

/**
 * Install the service worker. On a first visit the page is loaded once more, if that lets the models
 * use threads: then this does not return.
 */
export async function installOffline(): Promise<void> {
  if (!("serviceWorker" in navigator) || !isSecureContext) return;
  try {
    await navigator.serviceWorker.register("sw.js");
  } catch {
    return; // A browser that forbids it; all else works.
  }
  // Only a page of its own can be isolated, and only the service worker adds what that needs where
  // the web server does not send it.
  if (crossOriginIsolated || window.top !== window || sessionStorage.getItem(TRIED)) return;
  sessionStorage.setItem(TRIED, "yes");
  const late = new Promise<"late">((resolve) => setTimeout(resolve, PATIENCE, "late"));
  if ((await Promise.race([navigator.serviceWorker.ready, late])) === "late") return;
  location.reload();
  await new Promise(() => undefined);
}
