/** The worker that decodes photos and runs the models, so that the page stays responsive. */

import { type Config, UserError, VARIANTS } from "../models";
import { readPhoto } from "../photo";
import type { Kind, Reply, Request, Requests } from "../protocol";
import { fetchArtifact, forgetOthers } from "./artifacts";
import { Artifact, hasGpu, type Runtime, startRuntime } from "./runtime";

declare const self: DedicatedWorkerGlobalScope;

let base = "";
let started: Promise<Runtime> | undefined;
const artifacts = new Map<string, Artifact>();

const handlers: { [K in Kind]: (asks: Requests[K]["asks"]) => Promise<Requests[K]["gets"]> } = {
  async start(asks) {
    base = asks.base;
    started ??= startRuntime(`${base}runtime/`);
    return started;
  },
  async load({ config }) {
    if (artifacts.has(config.backbone)) return null;
    const { bytes, kept } = await fetchArtifact(base, config, (share) =>
      post({ backbone: config.backbone, share }),
    );
    await started;
    const [artifact] = await Promise.all([openArtifact(config, bytes), kept]);
    artifacts.set(config.backbone, artifact);
    return null;
  },
  decode: ({ file, name, sizes, limits }) => readPhoto(file, name, sizes, limits),
  async read({ backbone, square }) {
    const artifact = artifacts.get(backbone)!;
    return { ...(await artifact.run(square)), accelerator: artifact.accelerator };
  },
  async tryGpu({ config, square }) {
    const artifact = artifacts.get(config.backbone)!;
    if (!(await hasGpu())) return artifact.accelerator;
    const { bytes } = await fetchArtifact(base, config, () => undefined);
    await artifact.tryGpu(bytes, square);
    return artifact.accelerator;
  },
  async tidy({ hashes }) {
    await forgetOthers(base, hashes);
    return null;
  },
};

/** Load an artifact and see that it is what its `config.json` describes. */
async function openArtifact(config: Config, bytes: Uint8Array): Promise<Artifact> {
  const size = config.image_size;
  let found;
  const artifact = await Artifact.load(bytes, size).catch((error: unknown) => {
    throw new UserError(
      `${config.backbone}/model.tflite cannot be loaded; train it again. Received: ${error}`,
    );
  });
  try {
    found = (await artifact.run(new Uint8Array(3 * size * size))).outputs;
  } catch {
    found = {};
  }
  const classes = config.classes.length;
  const fits = VARIANTS.filter((variant) => config.variants[variant]).every(
    (variant) =>
      found[`${variant}_probabilities`]?.shape.at(-1) === classes &&
      found[`${variant}_focus`]?.shape.at(-1) === classes &&
      (!config.variants[variant]?.refusal || found[`${variant}_known`]?.values.length === 1),
  );
  if (!fits) {
    throw new UserError(
      `${config.backbone}/model.tflite does not have the inputs and outputs that its config.json ` +
        "describes; train it again.",
    );
  }
  return artifact;
}

function post(reply: Reply, transfer: Transferable[] = []): void {
  self.postMessage(reply, transfer);
}

let queue: Promise<unknown> = Promise.resolve();

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  const answer = async (): Promise<void> => {
    try {
      const handler = handlers[data.kind] as (asks: unknown) => Promise<unknown>;
      post({ id: data.id, gets: await handler(data.asks) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      post({ id: data.id, error: message, forPeople: error instanceof UserError });
    }
  };
  // What is fetched does not wait; what computes goes one after another.
  if (data.kind === "start" || data.kind === "load") void answer();
  else queue = queue.then(answer);
});
