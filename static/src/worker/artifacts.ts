/** Artifacts from the web server: kept under their hash, and refused when the hash is wrong. */

import { ARTIFACT, type Config, UserError } from "../models";

const SHARED = "weights";
/** Where all pages of an origin kept theirs before each had a cache of its own. */
const STEP = 0.05;
/** Share of a file after which its progress is told again. */

/** Called with the share from 0 to 1 that has arrived. */
export type Progress = (share: number) => void;

export interface Fetched {
  bytes: Uint8Array;
  /** Fulfilled when it is kept, or cannot be. */
  kept: Promise<void>;
}

/**
 * A backbone's artifact, from what was kept or from the web server, checked against `config.json`.
 * `base` is the address of the page's folder. Throws `UserError`.
 */
export async function fetchArtifact(
  base: string, config: Config, progress: Progress,
): Promise<Fetched> {
  const { bytes, sha256 } = config.files[ARTIFACT]!;
  // The hash is part of the address, so that no cache on the way hands out an older file.
  const address = `${folderOf(base)}${config.backbone}/${ARTIFACT}?sha256=${sha256}`;
  const cache = await keptBy(base);
  const before = await cache?.match(address);
  if (before) {
    const found = new Uint8Array(await before.arrayBuffer());
    if ((await hash(found)) === sha256) return { bytes: found, kept: Promise.resolve() };
    await cache?.delete(address);
  }
  const found = await download(address, config.backbone, bytes, progress);
  const received = await hash(found);
  if (received !== sha256) {
    throw new UserError(
      `${config.backbone}/${ARTIFACT} is not the file its config.json names; put it on the web ` +
        `server again. Expected sha256 ${sha256.slice(0, 12)}. Received: ${received.slice(0, 12)}`,
    );
  }
  // A full disk, or a browser that keeps nothing, only means that it is fetched again next time.
  const kept = cache?.put(address, new Response(found)).catch(() => undefined);
  return { bytes: found, kept: kept ?? Promise.resolve() };
}

/** Let go of artifacts kept by this page that no `config.json` of it names any more. */
export async function forgetOthers(base: string, hashes: readonly string[]): Promise<void> {
  const cache = await keptBy(base);
  for (const request of (await cache?.keys()) ?? []) {
    const named = new URL(request.url).searchParams.get("sha256");
    if (named === null || !hashes.includes(named)) await cache!.delete(request);
  }
}

/** What a page keeps; null where the browser keeps nothing. */
async function keptBy(base: string): Promise<Cache | null> {
  if (!("caches" in self)) return null;
  // An origin may hold several pages, as `NAME.github.io` does: none touches what others keep.
  const cache = await caches.open(`${new URL(base).pathname} weights`);
  await takeOver(cache, base);
  return cache;
}

/** Move here what an earlier build of the page kept beside the artifacts of other pages. */
async function takeOver(cache: Cache, base: string): Promise<void> {
  if (!(await caches.has(SHARED))) return;
  const shared = await caches.open(SHARED);
  for (const request of await shared.keys()) {
    if (new URL("..", request.url).href !== folderOf(base)) continue;
    const kept = await shared.match(request);
    // A full disk only means that it is fetched again.
    if (kept) await cache.put(request, kept).catch(() => undefined);
    await shared.delete(request);
  }
  if (!(await shared.keys()).length) await caches.delete(SHARED);
}

function folderOf(base: string): string {
  return `${base}weights/`;
}

async function download(
  address: string, backbone: string, bytes: number, progress: Progress,
): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(address);
  } catch {
    throw new UserError(
      `${backbone} cannot be fetched; connect to the internet once, after that it works without.`,
    );
  }
  if (!response.ok || !response.body) {
    throw new UserError(`${backbone}/${ARTIFACT} is missing. Received: ${response.status}`);
  }
  const wrongSize = (received: number): UserError =>
    new UserError(
      `${backbone}/${ARTIFACT} is incomplete or changed; put it on the web server again. ` +
        `Expected ${bytes} bytes. Received: ${received}`,
    );
  const found = new Uint8Array(bytes);
  let [at, told] = [0, 0];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > bytes) throw wrongSize(at + value.length);
    found.set(value, at);
    at += value.length;
    if (at - told < STEP * bytes) continue;
    told = at;
    progress(at / bytes);
  }
  if (at !== bytes) throw wrongSize(at);
  return found;
}

async function hash(data: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!crypto.subtle) {
    throw new UserError("Weights cannot be checked on this address; open the page by https.");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
