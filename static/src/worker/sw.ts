/**
 * The service worker: keeps the page for use without a network, and lets it use threads.
 *
 * `KEPT` and `VERSION` are put in front by the build: a changed file changes this script, and with
 * that the browser installs it anew. Weights are kept by `artifacts.ts`, under their own hashes.
 */

declare const self: ServiceWorkerGlobalScope;
declare const KEPT: readonly string[];
declare const VERSION: string;

const SCOPE = new URL(self.registration.scope);
const OURS = `${SCOPE.pathname} page-`;
/** Begins the names of this page's caches: an origin may hold several pages, as `NAME.github.io` does. */
const CACHE = OURS + VERSION;
const NAMELESS = /^page-[0-9a-f]{16}$/;
/** Caches from before their names told whose they are. */
const POLICY = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      // A first visit waits for this one; it keeps the page when it has answered: see `offline.ts`.
      if ((await ours()).length) await keep();
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data !== "keep") return;
  const [port] = event.ports;
  event.waitUntil(keep().then(() => port?.postMessage(true), () => port?.postMessage(false)));
});

/** Fetch what is not kept yet. */
async function keep(): Promise<void> {
  const cache = await caches.open(CACHE);
  const kept = await Promise.all(KEPT.map((path) => cache.match(path)));
  const missing = KEPT.filter((_, i) => !kept[i]);
  await cache.addAll(missing.map((path) => new Request(path, { cache: "no-cache" })));
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await ours()) if (name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

/** The caches of this page, of whatever version. */
async function ours(): Promise<string[]> {
  const names = await caches.keys();
  const nameless = await Promise.all(names.map((name) => NAMELESS.test(name) && holdsThisPage(name)));
  return names.filter((name, i) => name.startsWith(OURS) || nameless[i]);
}

/**
 * Whether a cache is certainly of this page: it has the page itself and nothing from outside its
 * folder. Others are left, since another page may need them, whose next version lets go of them.
 */
async function holdsThisPage(name: string): Promise<boolean> {
  const addresses = (await (await caches.open(name)).keys()).map(({ url }) => url);
  return addresses.includes(SCOPE.href) && addresses.every((url) => url.startsWith(SCOPE.href));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== SCOPE.origin) return;
  if (!url.pathname.startsWith(SCOPE.pathname) || url.pathname.endsWith("/model.tflite")) return;
  event.respondWith(answer(request, url).then(isolated));
});

async function answer(request: Request, url: URL): Promise<Response> {
  const cache = await caches.open(CACHE);
  // What is chosen on the page stands behind the question mark; the file is the same.
  const key = request.mode === "navigate" ? new URL(".", url).href : url.origin + url.pathname;
  if (url.pathname.endsWith("/config.json")) {
    // It names the hashes of the weights: asked anew wherever there is a network.
    try {
      const fresh = await fetch(request, { cache: "no-cache" });
      if (fresh.ok) await cache.put(key, fresh.clone());
      return fresh;
    } catch (error) {
      const kept = await cache.match(key);
      if (kept) return kept;
      throw error;
    }
  }
  const kept = await cache.match(key);
  if (kept) return kept;
  const fresh = await fetch(request, { cache: "no-cache" });
  if (fresh.ok) await cache.put(key, fresh.clone());
  return fresh;
}

function isolated(response: Response): Response {
  if (response.type === "opaque" || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(POLICY)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

export {};
