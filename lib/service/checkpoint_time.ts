/**
 * How long a checkpoint takes on a disk, so that a service is not killed while it writes one.
 *
 * The time is that of the disk: as many bytes as a checkpoint has are written, synced and read back. No network is
 * run for it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Preset, resolveRunConfig } from "../config.ts";
import { runPresets } from "../config_defaults.ts";
import { buildTrainingGraph } from "../models/train_graph.ts";
import { sizeOf } from "../shape.ts";
import { parametersOf } from "../tensor/graph.ts";

/** What was measured. */
export interface CheckpointTime {
  /** How long a checkpoint takes that is the best so far, of which two files are written. */
  seconds: number;
  /** Size of one of these files. */
  sizeBytes: number;
}

/** Time for the step that is under way: a large one on a processor takes minutes. */
const stepSeconds = 300;
/** Files of a checkpoint that is the best so far: its own and a copy that is kept. */
const filesOfBest = 2;
/** Bytes between two looks at the signal. */
const pieceBytes = 4e6;

/** Bytes of the tensors in a preset's checkpoint: parameters and the optimizer's moments, in single precision. */
export function checkpointBytes(preset: Preset): number {
  const graph = buildTrainingGraph(resolveRunConfig({ file: { preset } }));
  const nodes = [
    graph.objective,
    ...graph.stateUpdates.flatMap(({ parameter, value }) => [parameter, value]),
  ];
  const moments = graph.optimizer.kind === "sgd" ? 1 : 2;
  const values = [...parametersOf(nodes).values()]
    .map(({ operation, shape }) => sizeOf(shape) * (operation.trainable ? 1 + moments : 1));
  return 4 * values.reduce((sum, count) => sum + count, 0);
}

/** Bytes of the largest checkpoint that any preset's training writes. */
export function largestCheckpointBytes(): number {
  return Math.max(...(Object.keys(runPresets) as Preset[]).map(checkpointBytes));
}

/**
 * Writes as much as a checkpoint into a folder, the way a training does.
 *
 * A training syncs a file once, here every piece of it is: that takes the disk as long or longer, and can be told and
 * stopped on the way.
 *
 * @param folder Nothing is left in it.
 * @param options.onWritten Hears how many bytes are on the disk.
 */
export async function measureCheckpoint(
  folder: string,
  sizeBytes: number,
  { signal, onWritten }: { signal?: AbortSignal; onWritten?: (bytes: number) => void } = {},
): Promise<CheckpointTime> {
  const path = await Deno.makeTempFile({ dir: folder, prefix: ".trial-" });
  try {
    const bytes = randomBytes(Math.min(pieceBytes, sizeBytes));
    const start = performance.now();
    {
      using file = await Deno.open(path, { write: true });
      for (let done = 0; done < sizeBytes;) {
        signal?.throwIfAborted();
        const part = bytes.subarray(0, sizeBytes - done);
        for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
        await file.sync();
        done += part.length;
        onWritten?.(done);
      }
    }
    createHash("sha256").update(await Deno.readFile(path, { signal })).digest();
    return { seconds: filesOfBest * (performance.now() - start) / 1000, sizeBytes };
  } finally {
    await Deno.remove(path);
  }
}

/** Bytes that cannot be packed: some file systems and controllers store zeros in no time. */
function randomBytes(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  // So many are given at once.
  for (let at = 0; at < count; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

/** How long a service may take to stop, whole minutes: the step under way, and ten times what a checkpoint took. */
export function stopSeconds({ seconds }: Pick<CheckpointTime, "seconds">): number {
  return 60 * Math.ceil((stepSeconds + 10 * seconds) / 60);
}
