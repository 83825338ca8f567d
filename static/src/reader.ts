/** The page's side of the worker that reads photos. */

import { UserError } from "./models";
import type { Kind, Reply, Request, Requests } from "./protocol";

/** The worker's script, which the build puts in front of this one. */
declare const READER: string;

export class Reader {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { done(gets: unknown): void; fail(error: Error): void }>();
  private last = 0;

  /** `progress` is told the share of a backbone that has arrived. */
  constructor(progress: (backbone: string, share: number) => void) {
    // Started from a blob, the worker is under the page's Content-Security-Policy on any host.
    const address = URL.createObjectURL(new Blob([READER], { type: "text/javascript" }));
    this.worker = new Worker(address);
    this.worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      if ("share" in data) {
        progress(data.backbone, data.share);
        return;
      }
      const waiting = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("gets" in data) waiting?.done(data.gets);
      else waiting?.fail(data.forPeople ? new UserError(data.error) : new Error(data.error));
    });
    this.worker.addEventListener("error", (event) => {
      const error = new Error(event.message || "The worker that reads photos did not start.");
      this.waiting.forEach(({ fail }) => fail(error));
      this.waiting.clear();
    });
  }

  ask<K extends Kind>(kind: K, asks: Requests[K]["asks"]): Promise<Requests[K]["gets"]> {
    return new Promise((resolve, reject) => {
      const id = ++this.last;
      this.waiting.set(id, { done: (gets) => resolve(gets as Requests[K]["gets"]), fail: reject });
      this.worker.postMessage({ id, kind, asks } as Request);
    });
  }
}
