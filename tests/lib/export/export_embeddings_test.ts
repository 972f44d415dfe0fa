import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import { embedWindows } from "../../../lib/evaluation/embed.ts";
import { embeddingsParquet } from "../../../lib/export/embeddings_parquet.ts";
import { type EmbeddingExportOptions, exportEmbeddings } from "../../../lib/export/export_embeddings.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { smallRun, trainedRun } from "../../helpers/trained_run.ts";

const source = fakeWindows({ scans: 5, windowsPerScan: 3 });
const run = { ...trainedRun(), prepare: source.config };

async function withEmbeddings(
  options: Partial<EmbeddingExportOptions>,
  check: (folder: string, passport: Awaited<ReturnType<typeof exportEmbeddings>>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const passport = await inWasm((executor) =>
      exportEmbeddings({ run, executor, folder, source, ...options })
    );
    await check(folder, passport);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("exportEmbeddings() writes what embedWindows() computes, for tensors and for spreadsheets", () =>
  withEmbeddings({}, async (folder, passport) => {
    const windows = source.windows();
    const { config, parameters } = run;
    const expected = await inWasm((executor) =>
      embedWindows({ executor, config, parameters, source, windows })
    );
    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(`${folder}/embeddings.safetensors`));
    assert.deepEqual(tensors.get("video"), { dtype: "F32", shape: [15, 8], data: expected.video });
    assert.deepEqual(tensors.get("speech"), { dtype: "F32", shape: [15, 8], data: expected.speech });
    assert.deepEqual([...tensors.get("window_ids")!.data].map(Number), windows.map(({ id }) => id));
    assert.deepEqual(JSON.parse(metadata.scan_ids), windows.map(({ scanId }) => scanId));
    assert.equal(metadata.dataset, "fake-1");

    const rows: Record<string, string>[] = parse(await Deno.readTextFile(`${folder}/embeddings.csv`), {
      columns: true,
    });
    assert.equal(rows.length, 15);
    rows.forEach((row, i) => {
      const { id, scanId, split, startSeconds } = windows[i];
      const told = [row.window_id, row.scan_id, row.split, row.start_seconds, row.end_seconds];
      assert.deepEqual(told, [id, scanId, split, startSeconds, startSeconds + 2].map(String));
      for (let d = 0; d < 8; d++) {
        assert.equal(Math.fround(Number(row[`video_${d}`])), expected.video[i * 8 + d]);
        assert.equal(Math.fround(Number(row[`speech_${d}`])), expected.speech[i * 8 + d]);
      }
    });
    const { embedded } = passport;
    assert.deepEqual([embedded.windows, embedded.scans, embedded.dimension], [15, 5, 8]);
    assert.deepEqual([embedded.contentHash, passport.dataset.contentHash], ["fake-1", "d1"]);
    assert.equal(embedded.device.kind, "wasm");
    assert.deepEqual(
      JSON.parse(await Deno.readTextFile(`${folder}/passport.json`)),
      JSON.parse(JSON.stringify(passport)),
    );
    assert.deepEqual(passport.files.map(({ name }) => name), [
      "embeddings.safetensors",
      "embeddings.csv",
      "embeddings.parquet",
    ]);
  }));

Deno.test("exportEmbeddings() writes the same as Parquet, with embeddings as lists of float32", () =>
  withEmbeddings({}, async (folder) => {
    const windows = source.windows();
    const file = (await Deno.readFile(`${folder}/embeddings.parquet`)).buffer;
    const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/embeddings.safetensors`));
    const { schema, key_value_metadata } = parquetMetadata(file);
    const list = schema.findIndex(({ name }) => name === "video");
    assert.deepEqual(
      schema.slice(list, list + 3).map((part) => [part.name, part.repetition_type, part.type]),
      [
        ["video", "REQUIRED", undefined],
        ["list", "REPEATED", undefined],
        ["element", "REQUIRED", "FLOAT"],
      ],
    );
    assert.ok(key_value_metadata!.some(({ key, value }) => key === "dataset" && value === "fake-1"));
    const rows = await parquetReadObjects({ file });
    assert.equal(rows.length, 15);
    rows.forEach((row, i) => {
      const { id, scanId, split, startSeconds } = windows[i];
      const told = [row.window_id, row.scan_id, row.split, row.start_seconds, row.end_seconds];
      assert.deepEqual(told, [BigInt(id), scanId, split, startSeconds, startSeconds + 2]);
      assert.equal(row.voiced_fraction, windows[i].voicedFractionWebrtc);
      for (const name of ["video", "speech"]) {
        const expected = tensors.get(name)!.data.slice(i * 8, (i + 1) * 8);
        assert.deepEqual(Float32Array.from(row[name]), expected);
      }
    });
  }));

Deno.test("exportEmbeddings() embeds the windows it is given and tells no splits where there are none", () =>
  withEmbeddings({ windows: source.windows({ split: "test" }), tellSplit: false }, async (folder) => {
    const lines = (await Deno.readTextFile(`${folder}/embeddings.csv`)).trim().split("\n");
    assert.equal(lines.length, 1 + 3);
    assert.match(lines[1], /^12,s4,,0,2,1,/);
    const rows = await parquetReadObjects({
      file: (await Deno.readFile(`${folder}/embeddings.parquet`)).buffer,
    });
    assert.deepEqual([rows.length, rows[0].window_id, "split" in rows[0]], [3, 12n, false]);
  }));

Deno.test("exportEmbeddings() writes one window, too, so that all its files can be read", () =>
  withEmbeddings({ windows: source.windows().slice(4, 5) }, async (folder) => {
    const file = (await Deno.readFile(`${folder}/embeddings.parquet`)).buffer;
    const rows = await parquetReadObjects({ file });
    assert.equal(rows.length, 1);
    assert.equal(rows[0].window_id, BigInt(source.windows()[4].id));
    const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/embeddings.safetensors`));
    assert.deepEqual(Float32Array.from(rows[0].video), tensors.get("video")!.data);
    assert.deepEqual(tensors.get("speech")!.shape, [1, 8]);
    const lines: unknown[] = parse(await Deno.readTextFile(`${folder}/embeddings.csv`), { columns: true });
    assert.equal(lines.length, 1);
  }));

Deno.test("embeddingsParquet() of no windows is a table without rows that can be read", async () => {
  const none = { windows: [], video: new Float32Array(), speech: new Float32Array(), dimension: 8 };
  const table = { datasetId: "d", windowSeconds: 2, tellSplit: true };
  const file = embeddingsParquet(none, table).buffer;
  assert.equal(Number(parquetMetadata(file).num_rows), 0);
  assert.deepEqual(await parquetReadObjects({ file }), []);
});

Deno.test("exportEmbeddings() writes no name of a subject", () =>
  withEmbeddings({}, async (folder) => {
    for (const { name } of Deno.readDirSync(folder)) {
      const text = new TextDecoder().decode(await Deno.readFile(`${folder}/${name}`));
      assert.doesNotMatch(text, /"p\d"|,p\d,/, name);
    }
  }));

Deno.test("exportEmbeddings() refuses other spectrograms, runs without projections, and nothing", async () => {
  const refuses = (options: Partial<EmbeddingExportOptions>, message: RegExp) =>
    assert.rejects(withEmbeddings(options, () => Promise.resolve()), { code: "input", message });
  const prepare = resolvePrepareConfig({ file: { spectrogram: { bands: 16, hopSeconds: 0.2 } } });
  await refuses(
    { run: { ...run, prepare } },
    /spectrograms must be as the run heard them.*0\.2.*received.*0\.1/,
  );
  const config = resolveRunConfig({ file: { ...smallRun, losses: { contrastiveWeight: 0 } } });
  await refuses({ run: { ...trainedRun(config), prepare: source.config } }, /trained its projections/);
  await refuses({ windows: [] }, /there must be a window/);
});
