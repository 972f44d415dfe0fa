import assert from "node:assert/strict";
import {
  confirmMask,
  type MaskTemplate,
  readMaskTemplate,
  requireTellable,
  writeMaskTemplate,
} from "../../../lib/data/mask_template.ts";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { prepareDataset, type PrepareOptions } from "../../../lib/data/prepare.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { withFolder } from "../media/make_media.ts";

const template: MaskTemplate = {
  formatVersion: 1,
  scanner: "A scanner",
  frameSize: { width: 64, height: 48 },
  sector: { kind: "polygon", points: [[10, 4], [50, 4], [60, 44], [2, 44]] },
  madeFrom: null,
  doubts: [],
  confirmed: null,
};

Deno.test("readMaskTemplate() gives back what was written, confirmed or not", async () => {
  await withFolder(async (folder) => {
    for (const mask of [template, confirmMask(template, new Date(0))]) {
      await writeMaskTemplate(`${folder}/m.json`, mask);
      assert.deepEqual(await readMaskTemplate(`${folder}/m.json`), mask);
    }
  });
});

Deno.test("readMaskTemplate() lets a confirmation lapse when the outline is changed", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/m.json`;
    const confirmed = confirmMask(template, new Date(0));
    const sector = { kind: "polygon", points: [[0, 0], ...template.sector.points] } as const;
    await writeMaskTemplate(path, { ...confirmed, sector });
    await assert.rejects(readMaskTemplate(path), /its outline must be the one that was confirmed/);
    const again = confirmMask(await readMaskTemplate(path, { isToConfirm: true }), new Date(1));
    await writeMaskTemplate(path, again);
    assert.equal((await readMaskTemplate(path)).confirmed!.at, "1970-01-01T00:00:00.001Z");
    await writeMaskTemplate(path, { ...confirmed, frameSize: { width: 65, height: 48 } });
    await assert.rejects(readMaskTemplate(path), /confirmed/);
  });
});

Deno.test("a mask in doubt is neither confirmed nor read as confirmed before its doubts are settled", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/m.json`;
    const doubtful = { ...template, doubts: ["2 parts move"] };
    await writeMaskTemplate(path, doubtful);
    assert.deepEqual(await readMaskTemplate(path), doubtful);
    const must = /its doubts must be settled before it is confirmed, received "2 parts move"/;
    assert.throws(() => confirmMask(doubtful, new Date(0)), { code: "input", message: must });
    await writeMaskTemplate(path, { ...confirmMask(template, new Date(0)), doubts: doubtful.doubts });
    await assert.rejects(readMaskTemplate(path), { code: "input", message: must });
    // Files from before doubts were noted have none.
    const { doubts: _, ...older } = template;
    await Deno.writeTextFile(path, JSON.stringify(older));
    assert.deepEqual(await readMaskTemplate(path), template);
  });
});

Deno.test("readMaskTemplate() names what is wrong, and no path outside", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/mary.json`;
    const cases: [unknown, RegExp][] = [
      ["no JSON", /readable JSON file/],
      [{ ...template, formatVersion: 2 }, /formatVersion must be 1/],
      [{ ...template, frameSize: { width: 0, height: 48 } }, /frameSize\.width must be >=1/],
      [{ ...template, sector: { kind: "polygon", points: [[1, 1], [2, 2]] } }, /sector\.points must be >=3/],
      [
        { ...template, sector: { kind: "polygon", points: [[1, 1], [65, 2], [1, 40]] } },
        /lie in the picture/,
      ],
      [{ ...template, sector: { kind: "polygon", points: [[1, 1], [2, 2], [1, 3]] } }, /a hundredth/],
      [{ ...template, colour: 1 }, /colour must be never/],
    ];
    for (const [value, message] of cases) {
      await Deno.writeTextFile(path, typeof value === "string" ? value : JSON.stringify(value));
      await assert.rejects(readMaskTemplate(path), (error) => {
        assert.ok(error instanceof SonospeechError && error.code === "input");
        assert.match(error.message, message);
        assert.ok(!error.publicMessage.includes("mary"), error.publicMessage);
        return true;
      });
    }
    await assert.rejects(readMaskTemplate(`${folder}/absent.json`), /NotFound/);
  });
});

Deno.test("prepareDataset() begins no dataset with a mask that was cut off or tampered with", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/m.json`;
    await Deno.writeTextFile(`${folder}/scan.mp4`, "");
    const confirmed = confirmMask(template, new Date(0));
    const text = JSON.stringify(confirmed);
    const larger = {
      ...confirmed,
      sector: { kind: "polygon", points: [[0, 0], [64, 0], [64, 48], [0, 48]] },
    };
    const cases: [content: string | Uint8Array, message: RegExp][] = [
      [text.slice(0, text.length / 2), /readable JSON file/],
      ["", /readable JSON file/],
      [Uint8Array.of(0xff, 0xfe, 0, 1), /readable JSON file/],
      [JSON.stringify(larger), /its outline must be the one that was confirmed/],
      [
        JSON.stringify({ ...confirmed, confirmed: { at: "x", sha256: "0".repeat(64) } }),
        /that was confirmed/,
      ],
      [JSON.stringify({ ...confirmed, confirmed: true }), /confirmed must be/],
      [text.replace("[10,4]", "[1e999,4]"), /lie in the picture|must be/],
    ];
    const work = async (options: PrepareOptions, input: string) => {
      const events = prepareDataset([`${folder}/${input}`], `${folder}/out`, resolvePrepareConfig(), options);
      for await (const event of events) assert.fail(`nothing begins, but ${event.kind}`);
    };
    await Deno.writeTextFile(`${folder}/list.csv`, "video,subject,mask\nscan.mp4,a,m.json\n");
    for (const [content, message] of cases) {
      await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
      for (const [options, input] of [[{ masks: [path] }, "scan.mp4"], [{}, "list.csv"]] as const) {
        await assert.rejects(work(options, input), { name: "SonospeechError", code: "input", message });
        await assert.rejects(Deno.stat(`${folder}/out`), Deno.errors.NotFound);
      }
    }
    await Deno.remove(path);
    await Deno.mkdir(path);
    await assert.rejects(work({ masks: [path] }, "scan.mp4"), {
      code: "input",
      message: /readable JSON file/,
    });
  });
});

Deno.test("requireTellable() refuses two masks for pictures of one size", () => {
  requireTellable([template, { ...template, frameSize: { width: 65, height: 48 } }]);
  assert.throws(() => requireTellable([template, template]), /two for 64 × 48 pixels/);
});
