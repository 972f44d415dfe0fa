import assert from "node:assert/strict";
import { listScans } from "../../../lib/data/prepare_inputs.ts";
import { SonospeechError } from "../../../lib/errors.ts";

async function withFiles(names: string[], work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  for (const name of names) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, name.endsWith("manifest.csv") ? "video,subject\n../x.mp4,p\n" : "x");
  }
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("listScans() finds videos in folders, with subjects from subfolders and sounds beside them", async () => {
  const names = [
    "in/b.MP4",
    "in/p7/a.avi",
    "in/p7/a.wav",
    "in/p7/alone.flac",
    "in/notes.txt",
    "in/.hidden.mp4",
    "in/c.dcm",
    "in/p7/scan.ult",
  ];
  await withFiles(names, async (folder) => {
    const { items, warnings } = await listScans([`${folder}/in`]);
    const short = (path?: string) => path?.slice(folder.length + 4);
    assert.deepEqual(items.map((item) => [short(item.video), item.subject, short(item.speech)]), [
      ["b.MP4", "b", undefined],
      ["c.dcm", "c", undefined],
      ["p7/a.avi", "p7", "p7/a.wav"],
      ["p7/scan.ult", "p7", undefined],
      ["p7/alone.flac", "p7", undefined],
    ]);
    assert.deepEqual(items.map(({ unsupported }) => unsupported !== undefined), [
      false,
      false,
      false,
      true,
      false,
    ]);
    assert.equal(warnings.length, 1);
  });
});

Deno.test("listScans() reads a folder through its manifest and lists a video once", async () => {
  await withFiles(["in/manifest.csv", "in/stray.mp4", "x.mp4"], async (folder) => {
    const { items } = await listScans([`${folder}/in`, `${folder}/x.mp4`, `${folder}/in/manifest.csv`]);
    assert.deepEqual(items.map((item) => [item.video, item.subject]), [[`${folder}/x.mp4`, "p"]]);
  });
});

Deno.test("listScans() takes labels and gaze from whichever mention of a scan has them", async () => {
  await withFiles(["a.mp4", "one.csv", "two.csv"], async (folder) => {
    await Deno.writeTextFile(`${folder}/one.csv`, "video,subject,labels\na.mp4,p,l.csv\n");
    const row = "a.mp4,p,g.csv,2,other.csv";
    await Deno.writeTextFile(`${folder}/two.csv`, `video,subject,gaze,gaze_offset_seconds,labels\n${row}\n`);
    const { items } = await listScans(["a.mp4", "one.csv", "two.csv"].map((name) => `${folder}/${name}`));
    assert.deepEqual(
      items.map(({ subject, labels, gaze, gazeOffsetSeconds }) => [subject, labels, gaze, gazeOffsetSeconds]),
      [
        ["p", `${folder}/l.csv`, `${folder}/g.csv`, 2],
      ],
    );
  });
});

Deno.test("listScans() takes subject and split from a manifest, wherever else the scan is named before", async () => {
  await withFiles(["in/p1/a.mp4", "one.csv", "two.csv", "three.csv"], async (folder) => {
    const write = (name: string, row: string) =>
      Deno.writeTextFile(`${folder}/${name}.csv`, `video,subject,split\nin/p1/a.mp4,${row}\n`);
    await write("one", "anna,");
    await write("two", "anna,test");
    await write("three", "berta,train");
    const list = async (...names: string[]) => {
      const { items } = await listScans(names.map((name) => `${folder}/${name}`));
      return items.map(({ subject, split }) => [subject, split]);
    };
    assert.deepEqual(await list("in"), [["p1", undefined]]);
    assert.deepEqual(await list("in", "one.csv"), [["anna", undefined]]);
    assert.deepEqual(await list("in", "one.csv", "two.csv"), [["anna", "test"]]);
    await assert.rejects(
      list("one.csv", "three.csv"),
      /agree on the subject of in\/p1\/a\.mp4, received "anna, berta"/,
    );
    await write("three", "anna,train");
    await assert.rejects(list("two.csv", "three.csv"), /agree on the split of .*, received "test, train"/);
  });
});

Deno.test("listScans() refuses inputs that do not exist or hold nothing", async () => {
  await withFiles(["in/notes.txt"], async (folder) => {
    const isInput = (error: unknown) => error instanceof SonospeechError && error.code === "input";
    await assert.rejects(listScans([`${folder}/absent`]), isInput);
    await assert.rejects(listScans([`${folder}/in`]), isInput);
    await assert.rejects(listScans([]), isInput);
  });
});

Deno.test("listScans() does not wait for the writer of a pipe", async () => {
  await withFiles(["in/a.txt"], async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/in/pipe.mp4`] }).output();
    const { items } = await listScans([`${folder}/in/pipe.mp4`]);
    assert.equal(items.length, 1);
  });
});
