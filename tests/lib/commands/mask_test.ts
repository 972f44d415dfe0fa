import assert from "node:assert/strict";
import { maskCommand, refuseConfirmed } from "../../../lib/commands/mask.ts";
import type { CommandContext, Plan } from "../../../lib/commands/plan.ts";
import { appPaths } from "../../../lib/app_paths.ts";
import { confirmMask, readMaskTemplate, writeMaskTemplate } from "../../../lib/data/mask_template.ts";
import { withFolder } from "../media/make_media.ts";

function planOf(...words: string[]): Plan {
  let plan: Plan | undefined;
  maskCommand({ programName: "sono", plan: (made) => void (plan = made) }).parse(words, { from: "user" });
  return plan!;
}

Deno.test("mask --confirm may write where the masks lie, and notes that they were looked at", async () => {
  await withFolder(async (folder) => {
    const place = { workingDirectory: folder, app: appPaths() };
    const plan = planOf("masks/a.json", "masks/b.json", "--confirm");
    assert.deepEqual(await plan.permissions(place), { write: ["masks"] });
    await Deno.mkdir(`${folder}/masks`);
    for (const name of ["a", "b"]) {
      await writeMaskTemplate(`${folder}/masks/${name}.json`, {
        ...{
          formatVersion: 1,
          scanner: "",
          frameSize: { width: 64, height: 48 },
          madeFrom: null,
          doubts: [],
        },
        ...{ sector: { kind: "polygon", points: [[10, 4], [50, 4], [60, 44]] }, confirmed: null },
      });
    }
    let printed = "";
    const context: CommandContext = {
      ...place,
      stdout: (text) => void (printed += text),
      stderr: () => {},
      isTerminal: false,
      signal: new AbortController().signal,
    };
    await plan.run(context);
    assert.match(printed, /^a\.json is confirmed for pictures of 64 × 48 pixels$/m);
    for (const name of ["a", "b"]) {
      assert.ok((await readMaskTemplate(`${folder}/masks/${name}.json`)).confirmed, name);
    }
  });
});

Deno.test("mask asks for one of --out and --confirm", () => {
  assert.throws(() => planOf("scans"), /--out or --confirm must be given/);
  assert.throws(() => planOf("scans", "--out", "masks", "--confirm"), /exclude each other/);
});

Deno.test("mask replaces no mask that was confirmed, was changed since or cannot be read", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/mask.json`;
    await refuseConfirmed(path);
    const mask = {
      ...{
        formatVersion: 1,
        scanner: "",
        frameSize: { width: 64, height: 48 },
        madeFrom: null,
        doubts: [],
      } as const,
      ...{ sector: { kind: "polygon", points: [[10, 4], [50, 4], [60, 44]] } as const, confirmed: null },
    };
    await writeMaskTemplate(path, mask);
    await refuseConfirmed(path);
    const confirmed = confirmMask(mask, new Date());
    for (const one of [confirmed, { ...confirmed, frameSize: { width: 64, height: 50 } }]) {
      await writeMaskTemplate(path, one);
      await assert.rejects(refuseConfirmed(path), { code: "input", message: /must not replace a mask/ });
    }
    for (const text of ["null", '{"formatVersion":1', ""]) {
      await Deno.writeTextFile(path, text);
      await assert.rejects(refuseConfirmed(path), { code: "input", message: /Cannot read the mask/ });
    }
  });
});
