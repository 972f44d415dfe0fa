/** The dataset of fake_windows.ts as a folder, for what opens datasets by itself. @module */

import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { DatasetWriter, type ScanFacts } from "../../lib/data/dataset_writer.ts";
import { type FakeOptions, fakeWindows } from "./fake_windows.ts";

/** Writes the dataset into an empty folder. */
export async function storeWindows(folder: string, options: FakeOptions = {}): Promise<void> {
  const fake = fakeWindows(options);
  const writer = await DatasetWriter.open(folder, fake.config);
  const byScan = Map.groupBy(fake.windows(), ({ scanId }) => scanId);
  for (const [scanId, windows] of byScan) {
    const { subject, split, frameCount } = windows[0];
    const { id } = writer.register({ source: scanId, sourceName: `${scanId}.mp4`, subject, split });
    const files = await writer.beginScan(id);
    const seconds = windows.length * fake.config.windowSeconds;
    const columns = Math.round(seconds / fake.config.spectrogram.hopSeconds);
    files.frames.append(fake.readFrames(scanId, 0, windows.length * frameCount));
    files.pcm.append(new Int16Array(seconds * fake.config.spectrogram.sampleRate));
    files.log_spectrogram.append(Float16Array.from(fake.readLogSpectrogram(scanId, 0, columns)));
    const facts: ScanFacts = {
      contentHash: scanId,
      durationSeconds: seconds,
      axisStartSeconds: 0,
      picture: { width: 16, height: 16 },
      crop: { x: 0, y: 0, width: 16, height: 16 },
      notes: [],
      windows,
    };
    await writer.commitScan(id, files, facts);
  }
  await writer.finish();
  writer.close();
}

/** Calls `work` with a dataset in a folder of its own, which is removed afterwards. */
export async function withStoredWindows<T>(
  work: (dataset: DatasetReader, folder: string) => Promise<T>,
  options?: FakeOptions,
): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    await storeWindows(`${folder}/dataset`, options);
    const dataset = DatasetReader.open(`${folder}/dataset`);
    try {
      return await work(dataset, folder);
    } finally {
      dataset.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
