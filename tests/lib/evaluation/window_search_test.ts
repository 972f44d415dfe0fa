import assert from "node:assert/strict";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import { InputReader, type InputSource } from "../../../lib/data/inputs.ts";
import { listenToRoom, loosePicture, looseSound, type RoomSound } from "../../../lib/data/loose_input.ts";
import { embedModality, embedWindows } from "../../../lib/evaluation/embed.ts";
import {
  embedQuery,
  rankWindows,
  similaritiesTo,
  similaritySpread,
} from "../../../lib/evaluation/window_search.ts";
import { Random } from "../../../lib/random.ts";
import { logSpectrogram } from "../../../lib/signal/spectrogram.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const windows = [3, 1, 2, 4].map((id) => ({ id }) as WindowRecord);

Deno.test("rankWindows() ranks by cosine, equals by id, and tells the middle", () => {
  const embeddings = Float32Array.of(1, 0, 0, 1, 0, 1, -1, 0); // of windows 3, 1, 2, 4
  const { hits, searched, medianSimilarity } = rankWindows(
    similaritiesTo(Float32Array.of(0.6, 0.8), embeddings),
    windows,
    3,
  );
  assert.deepEqual(hits.map(({ rank, window }) => [rank, window.id]), [[1, 1], [2, 2], [3, 3]]);
  hits.forEach(({ similarity }, i) => assert.ok(Math.abs(similarity - [0.8, 0.8, 0.6][i]) < 1e-6));
  assert.equal(searched, 4);
  assert.ok(Math.abs(medianSimilarity - 0.6) < 1e-6);
});

Deno.test("rankWindows() gives all windows when more are asked for, and none of none", () => {
  assert.equal(rankWindows(Float32Array.of(1, 1, 1, 1), windows, 99).hits.length, 4);
  assert.deepEqual(rankWindows(new Float32Array(), [], 5), {
    hits: [],
    searched: 0,
    medianSimilarity: 0,
  });
});

Deno.test("similaritySpread() counts every value once, the ends included, and tells mean and deviation", () => {
  const spread = similaritySpread(Float32Array.of(-1, -0.5, 0.5, 1, 1), 4);
  assert.deepEqual([spread.low, spread.high, spread.histogram], [-1, 1, [1, 1, 0, 3]]);
  assert.ok(Math.abs(spread.mean - 0.2) < 1e-6);
  assert.ok(Math.abs(spread.deviation - Math.sqrt((1.44 + 0.49 + 0.09 + 2 * 0.64) / 5)) < 1e-6);
  const empty = { mean: 0, deviation: 0, low: 0, high: 0, histogram: [0, 0] };
  assert.deepEqual(similaritySpread(new Float32Array(), 2), empty);
  assert.deepEqual(similaritySpread(Float32Array.of(0.5, 0.5), 2), {
    ...{ mean: 0.5, deviation: 0, low: 0.5, high: 0.5, histogram: [2, 0] },
  });
});

Deno.test("embedModality() gives each half of embedWindows(), whatever else is in the batch", () =>
  inWasm(async (executor) => {
    const source = fakeWindows({ scans: 5, windowsPerScan: 4 });
    const { config, parameters } = trainedRun();
    const all = { executor, config, parameters, source, windows: source.windows() };
    const { video, speech } = await embedWindows(all);
    const one = { ...all, windows: all.windows.slice(7, 8) };
    for (const [modality, values] of [["video", video], ["speech", speech]] as const) {
      assert.deepEqual(await embedModality(modality, all), values);
      const alone = await embedModality(modality, one);
      alone.forEach((value, d) => assert.ok(Math.abs(value - values[7 * 8 + d]) < 1e-5));
    }
  }));

Deno.test("embedQuery() of a window's picture finds windows of its pattern first, and is the mean of several", () =>
  inWasm(async (executor) => {
    const source = fakeWindows({ scans: 5, windowsPerScan: 4 });
    const { parameters } = trainedRun();
    const work = { executor, config: resolveRunConfig({ file: smallRun }), parameters };
    const all = source.windows();
    const embeddings = await embedModality("video", { ...work, source, windows: all });
    const picture = (i: number) =>
      loosePicture(source.readFrames(all[i].scanId, all[i].firstFrame + 1, 1), source.config);
    const query = await embedQuery("video", [picture(6)], work);
    assert.ok(Math.abs(Math.hypot(...query) - 1) < 1e-6);
    const { hits } = rankWindows(similaritiesTo(query, embeddings), all, 3);
    const patterns = hits.map(({ window }) => source.patternOf(window.id));
    assert.deepEqual(patterns, new Array(3).fill(source.patternOf(all[6].id)));
    const other = await embedQuery("video", [picture(9)], work);
    const both = await embedQuery("video", [picture(6), picture(9)], work);
    const sum = query.map((value, d) => value + other[d]);
    both.forEach((value, d) => assert.ok(Math.abs(value - sum[d] / Math.hypot(...sum)) < 1e-6));
  }));

const sampleRate = 8000;

/** Scans of so many windows of 2 s, in a room with noise; a tone of another pitch and loudness every 0.3 s. */
function spokenScans(windowCounts: readonly number[]): { source: InputSource; pcm: Map<string, Int16Array> } {
  const config = resolvePrepareConfig({ file: { spectrogram: { bands: 16, sampleRate } } });
  const pcm = new Map(windowCounts.map((count, scan) => {
    const random = new Random(4, "spoken", scan);
    const pitches = Array.from({ length: 7 * count }, () => random.uniform(200, 3500));
    const sound = Int16Array.from({ length: 2 * count * sampleRate }, (_, n) => {
      const pitch = pitches[Math.floor(n / sampleRate / 0.3)];
      return (pitch % 5) * 1500 * Math.sin(2 * Math.PI * pitch * n / sampleRate) + random.normal(0, 100);
    });
    return [`s${scan}`, sound];
  }));
  const columns = new Map([...pcm].map(([scan, sound]) => [scan, logSpectrogram(sound, config.spectrogram)]));
  const windows = windowCounts.flatMap((count, scan) =>
    Array.from(
      { length: count },
      (_, index) =>
        ({ id: 100 * scan + index, scanId: `s${scan}`, index, startSeconds: 2 * index }) as WindowRecord,
    )
  );
  const source: InputSource = {
    config,
    windows: () => windows,
    readFrames: () => new Uint8Array(),
    readLogSpectrogram: (scan, first, count) => columns.get(scan)!.slice(16 * first, 16 * (first + count)),
  };
  return { source, pcm };
}

for (
  const [name, windowCounts] of [["long scans", [7, 6, 8]], ["short clips", [1, 2, 3, 1, 2, 1]]] as const
) {
  Deno.test(`embedQuery() of speech cut from a window finds that window first among ${name}, untrained`, () =>
    inWasm(async (executor) => {
      const { source, pcm } = spokenScans(windowCounts);
      const config = resolveRunConfig({ file: { ...smallRun, data: { speechSeconds: 1.2 } } });
      const work = { executor, config, parameters: trainedRun().parameters };
      const all = source.windows();
      const embeddings = await embedModality("speech", { ...work, source, windows: all });
      const room = listenToRoom(source);
      const rankOf = async ({ id, scanId, startSeconds }: WindowRecord, heardIn: RoomSound) => {
        const [from, to] = [startSeconds, startSeconds + 2].map((seconds) => seconds * sampleRate);
        const sound = pcm.get(scanId)!.slice(from, to);
        const loose = looseSound(sound, source.config, { room: heardIn, speechSeconds: 1.2 });
        const query = await embedQuery("speech", [loose], work);
        const { hits } = rankWindows(similaritiesTo(query, embeddings), all, all.length);
        return hits.findIndex(({ window }) => window.id === id) + 1;
      };
      let first = 0;
      for (const window of all) {
        const own = silentRoom(source, window.scanId);
        const place = `${window.scanId} at ${window.startSeconds} s`;
        assert.equal(await rankOf(window, own), 1, `${place}, with the mean of its scan`);
        if (await rankOf(window, room) === 1) first++;
      }
      // Of long scans a query knows the mean over all alone, and an untrained network tells few windows well apart.
      assert.ok(first >= (name === "short clips" ? 1 : 0.75) * all.length, `${first} of ${all.length}`);
    }));
}

for (const [name, windowCounts] of [["long scans", [6, 7]], ["short clips", [3, 2]]] as const) {
  Deno.test(`looseSound() is heard and embedded as the same samples of the dataset are, ${name}`, () =>
    inWasm(async (executor) => {
      const { source, pcm } = spokenScans(windowCounts);
      const config = resolveRunConfig({ file: { ...smallRun, data: { speechSeconds: 1.2 } } });
      const room = silentRoom(source, "s0");
      const loose = looseSound(pcm.get("s0")!, source.config, { room, speechSeconds: 1.2 });
      const [ours, theirs] = [source, loose.source].map((each) =>
        new InputReader(each, config.model, config.data.speechSeconds)
      );
      for (let start = -0.5; start < 2 * windowCounts[0]; start += 0.37) {
        const [a, b] = [new Float32Array(16 * 24), new Float32Array(16 * 24)];
        ours.speech("s0", start, a, 0);
        theirs.speech("query", start, b, 0);
        a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) < 1e-4, `${start} s: ${value}, ${b[i]}`));
      }
      // All of the scan as one window, on both paths.
      const whole = { ...source, config: { ...source.config, windowSeconds: 2 * windowCounts[0] } };
      const window = { ...source.windows()[0], index: 0 };
      const shortest = 2 * Math.min(...windowCounts);
      const dataset = { ...whole, windows: () => [window], shortestScanSeconds: shortest };
      const work = { executor, config, parameters: trainedRun().parameters };
      const expected = await embedModality("speech", { ...work, source: dataset, windows: [window] });
      const found = await embedQuery("speech", [loose], work);
      found.forEach((value, d) => assert.ok(Math.abs(value - expected[d]) < 1e-4));
    }));
}

/** A room that changes nothing of a scan: as loud, without noise, and with its means. */
function silentRoom(source: InputSource, scanId: string): RoomSound {
  const count = source.windows().filter((window) => window.scanId === scanId).length * 200;
  const columns = Array.from({ length: count }, (_, c) => source.readLogSpectrogram(scanId, c, 1));
  const sumOf = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0);
  const mean = Float32Array.from(
    { length: 16 },
    (_, band) => sumOf(columns.map((column) => column[band])) / count,
  );
  const levels = columns.map((column) => sumOf(column) / 16).sort((a, b) => a - b);
  const { shortestScanSeconds } = listenToRoom(source);
  const noise = new Float32Array(16).fill(-1000);
  return { noise, mean, speechLevel: levels[Math.floor(0.95 * count)], shortestScanSeconds };
}
