/** LiteRT on WebAssembly: which build of it this browser can run, and one artifact at a time. */

import { type CompiledModel, loadAndCompile, loadLiteRt, supportsFeature, Tensor } from "@litertjs/core";

import type { Outputs } from "../models";

export interface Runtime {
  threads: number;
}

/** What Emscripten's loader takes from the global object. */
interface Loading {
  mainScriptUrlOrBlob: string;
  printErr(line: string): void;
  instantiateWasm(
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

/**
 * Start LiteRT from a folder that holds `<build>.js` and `<build>.wasm.gz`.
 *
 * The file is stored packed and unpacked here, since not every web server packs what it sends.
 */
export async function startRuntime(folder: string): Promise<Runtime> {
  const simd = await supportsFeature("relaxedSimd");
  const threads = simd && crossOriginIsolated && (await supportsFeature("threads"));
  const build = !simd ? "litert_compat" : threads ? "litert_threaded" : "litert";
  const script = new URL(`${build}.js`, folder).href;
  // Fetched while the script is.
  const module = compile(new URL(`${build}.wasm.gz`, folder).href);
  let fail: (reason: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const loading: Loading = {
    mainScriptUrlOrBlob: script,
    printErr(line) {
      if (line.startsWith("ERROR")) console.error(line); // It also tells of all that goes well.
    },
    instantiateWasm(imports, done) {
      module.then(async (found) => done(await WebAssembly.instantiate(found, imports), found)).catch(fail);
      return {};
    },
  };
  module.catch(fail);
  (self as unknown as { Module?: Loading }).Module = loading;
  await Promise.race([loadLiteRt(script), failed]);
  return { threads: threads ? navigator.hardwareConcurrency : 1 };
}

/** Whether WebGPU has an adapter here. */
export async function hasGpu(): Promise<boolean> {
  return "gpu" in navigator && (await navigator.gpu.requestAdapter()) !== null;
}

async function compile(address: string): Promise<WebAssembly.Module> {
  const packed = await fetch(address);
  if (!packed.ok || !packed.body) throw new Error(`${address}: ${packed.status}`);
  // Some web servers say of such a file that it is packed, and then the browser has unpacked it.
  const [start, whole] = packed.body.tee();
  const reader = start.getReader();
  const { value } = await reader.read();
  void reader.cancel();
  const isPacked = value?.[0] === 0x1f && value[1] === 0x8b;
  const wasm = isPacked ? whole.pipeThrough(new DecompressionStream("gzip")) : whole;
  return WebAssembly.compileStreaming(
    new Response(wasm, { headers: { "Content-Type": "application/wasm" } }),
  );
}

/** One backbone's artifact, ready to read photos of size x size pixels. */
export class Artifact {
  private constructor(
    private model: CompiledModel,
    private readonly size: number,
    /** Where it runs. */
    public accelerator: "wasm" | "webgpu" = "wasm",
  ) {}

  static async load(bytes: Uint8Array, size: number): Promise<Artifact> {
    return new Artifact(await loadAndCompile(bytes, { accelerator: "wasm" }), size);
  }

  /** Read a photo, uint8[size, size, 3]. */
  async run(photo: Uint8Array): Promise<{ outputs: Outputs; milliseconds: number }> {
    return run(this.model, photo, this.size);
  }

  /**
   * Turn to WebGPU if it says the same of a photo, and is quicker; else stay on WebAssembly.
   */
  async tryGpu(bytes: Uint8Array, photo: Uint8Array): Promise<void> {
    let other: CompiledModel | undefined;
    try {
      other = await loadAndCompile(bytes, { accelerator: "webgpu" });
      if (other.options.accelerator !== "webgpu" || !other.isFullyAccelerated) throw new Error();
      await run(other, photo, this.size); // Its first run compiles shaders.
      const [here, there] = [await this.run(photo), await run(other, photo, this.size)];
      if (!agree(here.outputs, there.outputs) || there.milliseconds >= here.milliseconds) {
        throw new Error();
      }
      this.model.delete();
      this.model = other;
      this.accelerator = "webgpu";
    } catch {
      other?.delete(); // What cannot run there goes on running here.
    }
  }
}

async function run(
  model: CompiledModel, photo: Uint8Array, size: number,
): Promise<{ outputs: Outputs; milliseconds: number }> {
  const input = new Tensor(photo as Uint8Array<ArrayBuffer>, [1, size, size, 3]);
  try {
    const start = performance.now();
    const found = await model.run({ photo: input });
    const outputs: Outputs = {};
    for (const [name, tensor] of Object.entries(found)) {
      const values = (await tensor.data()) as Float32Array;
      outputs[name] = { shape: [...tensor.type.layout.dimensions], values };
      tensor.delete();
    }
    return { outputs, milliseconds: performance.now() - start };
  } finally {
    input.delete();
  }
}

/** Whether two runs name the same class, with probabilities within 0.01. */
export function agree(here: Outputs, there: Outputs): boolean {
  return Object.entries(here)
    .filter(([name]) => name.endsWith("_probabilities"))
    .every(([name, { values }]) => {
      const other = there[name]?.values;
      return (
        other?.length === values.length &&
        values.every((p, i) => Math.abs(p - other[i]!) <= 0.01) &&
        top(values) === top(other)
      );
    });
}

function top(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}
