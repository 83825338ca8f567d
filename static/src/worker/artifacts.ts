/** Artifacts from the web server: kept under their hash, and refused when the hash is wrong. */

import { ARTIFACT, type Config, UserError } from "../models";

const CACHE = "weights";
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
 * A backbone's artifact, from what was kept or from `folder`, checked against `config.json`.
 * Throws `UserError`.
 */
export async function fetchArtifact(
  folder: string, config: Config, progress: Progress,
): Promise<Fetched> {
  const { bytes, sha256 } = config.files[ARTIFACT]!;
  // The hash is part of the address, so that no cache on the way hands out an older file.
  const address = `${folder}${config.backbone}/${ARTIFACT}?sha256=${sha256}`;
  const cache = "caches" in self ? await caches.open(CACHE) : null;
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

/** Let go of kept artifacts that no `config.json` names any more. */
export async function forgetOthers(hashes: readonly string[]): Promise<void> {
  if (!("caches" in self)) return;
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    const named = new URL(request.url).searchParams.get("sha256");
    if (named === null || !hashes.includes(named)) await cache.delete(request);
  }
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
