import assert from "node:assert/strict";
import { showPrepareEvent } from "../../../lib/commands/prepare_lines.ts";
import type { PrepareEvent } from "../../../lib/data/prepare.ts";
import { listScans } from "../../../lib/data/prepare_inputs.ts";
import { ProgressPrinter } from "../../../lib/progress.ts";

function linesOf(...events: PrepareEvent[]): string {
  let text = "";
  const printer = new ProgressPrinter({ write: (part) => void (text += part), terminal: false });
  for (const event of events) showPrepareEvent(event, printer);
  return text;
}

Deno.test("showPrepareEvent() names the file of a scan that something is said about", () => {
  const file = "ward 3/scan.mp4";
  const record = {
    scanId: "s0012",
    subject: "p",
    sourceName: "scan.mp4",
    reason: "no audio",
    detail: "silent",
  };
  assert.equal(
    linesOf(
      { kind: "warning", message: "no manifest" },
      { kind: "warning", message: "look at it", scan: { scanId: "s0011", file } },
      { kind: "quarantined", record, file },
    ),
    "no manifest\ns0011 (ward 3/scan.mp4): look at it\nward 3/scan.mp4 was put aside: no audio, silent\n",
  );
});

Deno.test("listScans() tells where each scan is found: below the folder that was named, or in the manifest", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/in/ward`, { recursive: true });
    for (const file of ["in/ward/a.mp4", "in/b.mp4", "c.mp4"]) {
      await Deno.writeTextFile(`${folder}/${file}`, "");
    }
    await Deno.writeTextFile(`${folder}/list.csv`, "video,subject,scan\nin/b.mp4,b,third\nc.mp4,c,\n");
    const filesOf = async (...inputs: string[]) =>
      (await listScans(inputs.map((input) => `${folder}/${input}`))).items.map(({ file }) => file);
    assert.deepEqual(await filesOf("in"), ["b.mp4", "ward/a.mp4"]);
    assert.deepEqual(await filesOf("c.mp4"), ["c.mp4"]);
    assert.deepEqual(await filesOf("list.csv"), ["third", "c.mp4"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
