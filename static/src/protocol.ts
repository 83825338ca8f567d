/** What the page asks of the worker that reads photos, and what that answers. */

import type { Config, Outputs } from "./models";
import type { Limits } from "./photo";

export interface Read {
  outputs: Outputs;
  milliseconds: number;
  accelerator: "wasm" | "webgpu";
}

export interface Requests {
  /** Start LiteRT, from the absolute address of the page's folder. */
  start: { asks: { base: string }; gets: { threads: number } };
  /** Fetch, check and load a backbone. */
  load: { asks: { config: Config }; gets: null };
  /** Decode a photo to squares of these sizes. */
  decode: { asks: { file: Blob; name: string; sizes: number[]; limits: Limits }; gets: Uint8Array[] };
  read: { asks: { backbone: string; square: Uint8Array }; gets: Read };
  /** Turn a loaded backbone to WebGPU if that agrees on a photo and is quicker. */
  tryGpu: { asks: { config: Config; square: Uint8Array }; gets: "wasm" | "webgpu" };
  /** Let go of kept artifacts but those with these hashes. */
  tidy: { asks: { hashes: string[] }; gets: null };
}

export type Kind = keyof Requests;

export type Request = { [K in Kind]: { id: number; kind: K; asks: Requests[K]["asks"] } }[Kind];

export type Reply =
  | { id: number; gets: unknown }
  /** `forPeople`: the message is a sentence for people. */
  | { id: number; error: string; forPeople: boolean }
  | { backbone: string; share: number };
