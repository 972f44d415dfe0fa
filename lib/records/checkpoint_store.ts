/**
 * Checkpoints of a run: written atomically, verified by reading back, the last two and the best kept.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { writeFileAtomic } from "./atomic_file.ts";
import { bytesOf, decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "./safetensors.ts";

/** Where a run stood and everything it needs to go on. */
export interface Checkpoint {
  /** Optimizer steps done. */
  step: number;
  /** Parameters and optimizer state by name. */
  tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** Facts that are not tensors, as texts. */
  metadata: Record<string, string>;
}

/** A checkpoint that could not be read, and why. */
export interface BrokenCheckpoint {
  /** File name inside the folder. */
  file: string;
  /** What is wrong with it. */
  reason: string;
}

const stepFile = /^step-(\d{9})\.safetensors$/;
const bestFile = "best.safetensors";
const keptSteps = 2;

/** The checkpoints folder of one run. */
export class CheckpointStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens a folder, making it first if needed. */
  static async open(folder: string): Promise<CheckpointStore> {
    await Deno.mkdir(folder, { recursive: true });
    return new CheckpointStore(folder);
  }

  /** A folder that is only read; without it there are no checkpoints. */
  static readOnly(folder: string): CheckpointStore {
    return new CheckpointStore(folder);
  }

  /**
   * Writes a checkpoint (temporary file, fsync, rename), reads it back, then removes all but the newest two.
   *
   * @returns The file's name in the folder.
   * @throws SonospeechError `store` when what is on disk is not what was written.
   */
  async save(checkpoint: Checkpoint, { isBest }: { isBest: boolean }): Promise<string> {
    const sha256 = await digestTensors(checkpoint.tensors);
    const metadata = { ...checkpoint.metadata, step: String(checkpoint.step), sha256 };
    const bytes = encodeSafetensors(checkpoint.tensors, metadata);
    const file = `step-${String(checkpoint.step).padStart(9, "0")}.safetensors`;
    // The best comes first: once the step's own file is there, the score in it says that the best one is, too.
    if (isBest) await this.#writeVerified(bestFile, bytes);
    await this.#writeVerified(file, bytes);
    await this.#removeOld(file);
    return file;
  }

  /** Steps after the saved one are broken, or of a past that was given up: they must not crowd out sound ones. */
  async #removeOld(newest: string): Promise<void> {
    const files = await this.#stepFiles();
    const kept = files.filter((file) => file <= newest).slice(0, keptSteps);
    for (const file of files) if (!kept.includes(file)) await Deno.remove(`${this.#folder}/${file}`);
  }

  /**
   * The newest readable checkpoint, or null when there is none; broken ones are reported, not hidden.
   */
  async newest(): Promise<{ checkpoint: Checkpoint | null; broken: BrokenCheckpoint[] }> {
    const broken: BrokenCheckpoint[] = [];
    for (const file of await this.#stepFiles()) {
      try {
        return { checkpoint: await this.#read(file), broken };
      } catch (error) {
        broken.push({ file, reason: error instanceof Error ? error.message : String(error) });
      }
    }
    return { checkpoint: null, broken };
  }

  /** The best checkpoint, or null when none was marked so. */
  async best(): Promise<Checkpoint | null> {
    try {
      return await this.#read(bestFile);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  async #read(file: string): Promise<Checkpoint> {
    const { tensors, metadata } = decoded(file, await Deno.readFile(`${this.#folder}/${file}`));
    const step = Number(metadata.step);
    if (!Number.isInteger(step) || step < 0) {
      throw new SonospeechError("store", {
        action: `read the checkpoint ${file}`,
        must: "its metadata must hold a whole step",
        received: metadata.step,
      });
    }
    const found = await digestTensors(tensors);
    if ((metadata.sha256 ?? found) !== found) {
      throw new SonospeechError("store", {
        action: `read the checkpoint ${file}`,
        must: `its tensors must be those that were written, SHA-256 ${metadata.sha256}`,
        received: found,
        hint: "check the disk",
      });
    }
    return { step, tensors, metadata };
  }

  async #writeVerified(file: string, bytes: Uint8Array): Promise<void> {
    const path = `${this.#folder}/${file}`;
    await writeFileAtomic(path, bytes);
    const [written, found] = await Promise.all([digest(bytes), Deno.readFile(path).then(digest)]);
    if (written !== found) {
      throw new SonospeechError("store", {
        action: `write the checkpoint ${file}`,
        must: "the file must hold what was written",
        received: `SHA-256 ${found} instead of ${written}`,
        hint: "check the disk",
      });
    }
  }

  /** Newest first. */
  async #stepFiles(): Promise<string[]> {
    const files: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.#folder)) {
        if (entry.isFile && stepFile.test(entry.name)) files.push(entry.name);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return files.sort().reverse();
  }
}

/** The content of a checkpoint. @throws SonospeechError `store` that names it when it is damaged. */
function decoded(file: string, bytes: Uint8Array): ReturnType<typeof decodeSafetensors> {
  try {
    return decodeSafetensors(bytes);
  } catch (cause) {
    throw new SonospeechError("store", {
      action: `read the checkpoint ${file}`,
      must: "the file must hold what was written",
      received: cause,
      hint: "check the disk",
      cause,
    });
  }
}

/** SHA-256 over the tensors' names and bytes, in the order of the names. */
async function digestTensors(tensors: Checkpoint["tensors"]): Promise<string> {
  const names = [...tensors.keys()].sort();
  const digests = await Promise.all(names.map((name) => digest(bytesOf(tensors.get(name)!.data))));
  return await digest(new TextEncoder().encode(JSON.stringify([names, digests])));
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
