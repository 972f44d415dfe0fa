import assert from "node:assert/strict";
import { writeFileAtomic, writeJsonAtomic } from "../../../lib/records/atomic_file.ts";

Deno.test("writeFileAtomic() replaces the file and leaves nothing else behind", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a %d,:\nü.bin`;
  await writeFileAtomic(path, new Uint8Array([1, 2]));
  await writeFileAtomic(path, new Uint8Array([3]));
  assert.deepEqual([...await Deno.readFile(path)], [3]);
  assert.equal([...Deno.readDirSync(folder)].length, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writeFileAtomic() keeps the old state when the rename fails", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
  await assert.rejects(writeFileAtomic(`${folder}/taken`, new Uint8Array([1])));
  assert.deepEqual([...Deno.readDirSync(folder)].map((entry) => entry.name), ["taken"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("writeJsonAtomic() writes what JSON.parse reads back", async () => {
  const path = await Deno.makeTempFile();
  await writeJsonAtomic(path, { a: [1, "ü"] });
  assert.deepEqual(JSON.parse(await Deno.readTextFile(path)), { a: [1, "ü"] });
  await Deno.remove(path);
});
