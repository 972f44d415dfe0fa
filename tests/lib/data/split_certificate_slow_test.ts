/** Near-duplicates of synthetic scans, encoded for good: what was made of one is found, different subjects are not. */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { findNearDuplicates, fingerprintScans } from "../../../lib/data/scan_fingerprints.ts";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";

/** What ffmpeg makes of a scan, by name; each is encoded again with few bits. */
const changes: Record<string, string[]> = {
  encoded: ["-crf", "34", "-b:a", "48k"],
  scaled: ["-vf", "scale=iw*0.75:-2", "-b:a", "64k"],
  cropped: ["-vf", "crop=trunc(iw*0.94/2)*2:trunc(ih*0.94/2)*2", "-b:a", "64k"],
  brighter: ["-vf", "eq=brightness=0.08:contrast=1.2:gamma=1.2", "-af", "volume=0.4", "-b:a", "64k"],
};

async function ffmpeg(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ffmpeg", {
    args: ["-loglevel", "error", "-nostdin", "-y", ...args],
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const subjects = 8;

for (const difficulty of ["easy", "standard"] as const) {
  Deno.test(`certifySplit() tells copies from other subjects, ${difficulty} scans`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const scans = {
        difficulty,
        subjects,
        secondsPerScan: 24,
        frameRate: 10,
        frameSize: [112, 144],
        seed: 7,
      } as const;
      for await (const { unit } of generatePhantom(folder, scans)) assert.equal(unit, "frames");
      const original = `${folder}/videos/s0001-01.mp4`;
      const video = ["-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"];
      for (const [name, change] of Object.entries(changes)) {
        await ffmpeg(["-i", original, ...video, ...change, `${folder}/${name}.mp4`]);
      }
      await ffmpeg(["-ss", "1.37", "-i", original, ...video, "-b:a", "64k", `${folder}/shifted.mp4`]);
      const names = [...Object.keys(changes), "shifted"];
      const rows = Array.from({ length: subjects }, (_, i) => {
        const id = `s${String(i + 1).padStart(4, "0")}`;
        return `videos/${id}-01.mp4,${id},${
          i < subjects / 2 ? "train" : i % 2 === 0 ? "validation" : "test"
        }`;
      });
      await certify(folder, rows, ({ message }) => assert.fail(message));
      const copies = names.map((name) => `${name}.mp4,${name},test`);
      let refused = "";
      const reader = await certify(
        folder,
        [...rows, ...copies],
        ({ message }) => refused = message,
        "copies",
      );
      assert.match(refused, /s0001 \(train\)/);
      await assertFound(reader, names);
      reader.close();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function certify(
  folder: string,
  rows: readonly string[],
  onRefusal: (error: Error) => void,
  name = "originals",
): Promise<DatasetReader> {
  const manifest = `${folder}/${name}.csv`;
  await Deno.writeTextFile(manifest, ["video,subject,split", ...rows, ""].join("\n"));
  // Whole pictures: the fan that is found may differ between copies of a short scan, which this test is not about.
  const config = resolvePrepareConfig({ set: ["crop=none"] });
  for await (const event of prepareDataset([manifest], `${folder}/${name}`, config)) {
    assert.notEqual(event.kind, "quarantined");
  }
  const reader = DatasetReader.open(`${folder}/${name}`);
  await certifySplit(reader).then(() => {}, onRefusal);
  reader.close();
  return reader;
}

/** Every copy is found by its pictures and by its speech; nothing else is. */
async function assertFound(reader: DatasetReader, names: readonly string[]): Promise<void> {
  const known = await fingerprintScans(reader, reader.windows().filter(({ split }) => split !== "test"));
  const found = await findNearDuplicates(known, reader, reader.windows({ split: "test" }));
  const subjectOf = new Map(reader.scans().map(({ id, subject }) => [id, subject]));
  const of = (kind: string) =>
    found.filter((one) => one.kind === kind).map((one) =>
      `${subjectOf.get(one.known)} ${subjectOf.get(one.found)}`
    );
  const expected = names.map((name) => `s0001 ${name}`);
  for (const kind of ["pictures", "speech"]) assert.deepEqual(of(kind).sort(), [...expected].sort());
}
