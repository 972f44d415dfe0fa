/**
 * WebRTC's voice activity detector, compiled to WebAssembly.
 *
 * @see https://github.com/dpirch/libfvad
 * @module
 */

import createModule from "@echogarden/fvad-wasm";
import { SonospeechError } from "../errors.ts";

interface FvadModule {
  HEAP16: Int16Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  _fvad_new(): number;
  _fvad_free(instance: number): void;
  _fvad_set_mode(instance: number, mode: number): number;
  _fvad_set_sample_rate(instance: number, rate: number): number;
  _fvad_process(instance: number, frame: number, length: number): number;
}

/** Aggressiveness 0 to 3; at 2 little noise passes and hardly any speech is lost. */
const mode = 2;

/** Where the module's bytes lie: beside the bundle in `wasm/`, else in the installed package. */
async function readWasm(): Promise<Uint8Array> {
  const bundled = new URL("./wasm/fvad.wasm", import.meta.url);
  try {
    return await Deno.readFile(bundled);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  try {
    return await Deno.readFile(new URL("./fvad.wasm", import.meta.resolve("@echogarden/fvad-wasm")));
  } catch (cause) {
    throw new SonospeechError("environment", {
      action: "load the voice activity detector",
      must: "fvad.wasm must lie in the folder wasm beside the program",
      cause,
    });
  }
}

/** Judges frames of 20 ms at 8 kHz one after the other. */
export class WebrtcVad {
  readonly #module: FvadModule;
  readonly #instance: number;
  readonly #frame: number;

  private constructor(module: FvadModule) {
    this.#module = module;
    this.#instance = module._fvad_new();
    this.#frame = module._malloc(2 * WebrtcVad.frameLength);
    module._fvad_set_mode(this.#instance, mode);
    module._fvad_set_sample_rate(this.#instance, WebrtcVad.sampleRate);
  }

  /** Rate of the samples it judges, Hz. */
  static readonly sampleRate = 8000;
  /** Samples of a frame. */
  static readonly frameLength = 160;

  /**
   * Makes a detector.
   *
   * @param wasmBinary The bytes of `fvad.wasm`; found by itself when left out.
   * @throws SonospeechError `environment` when the module cannot be found.
   */
  static async create(wasmBinary?: Uint8Array): Promise<WebrtcVad> {
    const create = createModule as unknown as (options: { wasmBinary: Uint8Array }) => Promise<FvadModule>;
    return new WebrtcVad(await create({ wasmBinary: wasmBinary ?? await readWasm() }));
  }

  /** Whether a frame holds voice; it depends on the frames before. @param frame 160 samples, ±32768. */
  isVoice(frame: ArrayLike<number>): boolean {
    const heap = this.#module.HEAP16;
    for (let i = 0; i < WebrtcVad.frameLength; i++) {
      heap[(this.#frame >> 1) + i] = Math.max(-32768, Math.min(32767, Math.round(frame[i])));
    }
    return this.#module._fvad_process(this.#instance, this.#frame, WebrtcVad.frameLength) === 1;
  }

  /** Frees its memory. */
  close(): void {
    this.#module._free(this.#frame);
    this.#module._fvad_free(this.#instance);
  }
}
