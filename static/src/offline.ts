/** The service worker: what lets the page work offline, and with threads. */

const TRIED = `${new URL(".", location.href).pathname} isolation-tried`;
/** Of this page: an origin may hold several, as `NAME.github.io` does. */
const PATIENCE = 4000;
/** Milliseconds to wait for the first installation. */

/** Whether a first visit is to be loaded once more, which lets the models use threads. */
export function isolates(): boolean {
  // Only a page of its own can be isolated, and only the service worker adds what that needs where
  // the web server does not send it.
  if (!usable() || crossOriginIsolated || window.top !== window) return false;
  return !sessionStorage.getItem(TRIED);
}

/** Install the service worker and load the page once more, as soon as there is a script. */
export async function isolate(): Promise<void> {
  sessionStorage.setItem(TRIED, "yes");
  window.stop(); // What this page would still fetch and lay out is not seen.
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  await Promise.race([install(), late]).catch(() => undefined);
  location.reload();
}

/**
 * Have the service worker keep the page for use without a network; called when all else is done.
 * Says whether it is kept.
 */
export async function keepOffline(): Promise<boolean> {
  if (!usable()) return false;
  try {
    const { active } = await install();
    const { port1, port2 } = new MessageChannel();
    const kept = new Promise<boolean>((resolve) => (port1.onmessage = ({ data }) => resolve(data as boolean)));
    active!.postMessage("keep", [port2]);
    return await kept;
  } catch {
    return false; // A browser that forbids it; all else works.
  }
}

async function install(): Promise<ServiceWorkerRegistration> {
  await navigator.serviceWorker.register("sw.js");
  return navigator.serviceWorker.ready;
}

function usable(): boolean {
  return "serviceWorker" in navigator && isSecureContext;
}
