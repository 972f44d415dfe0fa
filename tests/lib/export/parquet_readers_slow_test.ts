/** Embeddings in Parquet before readers that are not its writer's kin, where Python has them. */

import assert from "node:assert/strict";
import { embeddingsParquet } from "../../../lib/export/embeddings_parquet.ts";
import { exportEmbeddings } from "../../../lib/export/export_embeddings.ts";
import { decodeSafetensors } from "../../../lib/records/safetensors.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { inWasm } from "../../helpers/fine_tuning.ts";
import { runPython } from "../../helpers/python.ts";
import { trainedRun } from "../../helpers/trained_run.ts";

/** Columns of a file by name, with their types, as each reader sees them. */
const readers: Record<string, string> = {
  pyarrow: `
import json, sys, pyarrow.parquet
table = pyarrow.parquet.read_table(sys.argv[1])
types = {field.name: str(field.type) for field in table.schema}
print(json.dumps({"types": types, "columns": table.to_pydict()}))`,
  duckdb: `
import json, sys, duckdb
result = duckdb.execute("select * from read_parquet(?)", [sys.argv[1]])
names = [(column[0], str(column[1])) for column in result.description]
rows = result.fetchall()
columns = {name: [row[i] for row in rows] for i, (name, _) in enumerate(names)}
print(json.dumps({"types": dict(names), "columns": columns}))`,
};

interface Read {
  types: Record<string, string>;
  columns: Record<string, unknown[]>;
}

for (const [module, script] of Object.entries(readers)) {
  const hasModule = await runPython("python3", "-c", `import ${module}`).then(() => true, () => false);
  Deno.test({
    name: `embeddings.parquet is read by ${module}, bit for bit` +
      (hasModule ? "" : ` (ignored: no python3 with ${module} on this machine)`),
    ignore: !hasModule,
    async fn() {
      const source = fakeWindows({ scans: 5, windowsPerScan: 3 });
      const run = { ...trainedRun(), prepare: source.config };
      const folder = await Deno.makeTempDir();
      const read = async (path: string) =>
        JSON.parse(await runPython("python3", "-c", script, `${folder}/${path}`)) as Read;
      try {
        for (const windows of [source.windows(), source.windows().slice(4, 5)]) {
          await inWasm((executor) => exportEmbeddings({ run, executor, folder, source, windows }));
          const { types, columns } = await read("embeddings.parquet");
          const { tensors } = decodeSafetensors(await Deno.readFile(`${folder}/embeddings.safetensors`));
          for (const name of ["video", "speech"]) {
            assert.match(types[name], /list|FLOAT\[\]/i);
            const values = (columns[name] as number[][]).flat();
            assert.deepEqual(Float32Array.from(values), tensors.get(name)!.data, name);
          }
          assert.deepEqual(columns.window_id, windows.map(({ id }) => id));
          assert.deepEqual(columns.scan_id, windows.map(({ scanId }) => scanId));
          assert.deepEqual(columns.split, windows.map(({ split }) => split));
          assert.deepEqual(columns.start_seconds, windows.map(({ startSeconds }) => startSeconds));
        }
        const none = { windows: [], video: new Float32Array(), speech: new Float32Array(), dimension: 8 };
        const table = { datasetId: "d", windowSeconds: 2, tellSplit: true };
        await Deno.writeFile(`${folder}/none.parquet`, embeddingsParquet(none, table));
        assert.deepEqual((await read("none.parquet")).columns.video, []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
