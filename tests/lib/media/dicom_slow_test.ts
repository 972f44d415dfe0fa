/**
 * Public DICOM files, whole and damaged; slower than the other tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { openDicom } from "../../../lib/media/dicom.ts";
import { UnusableMediaError } from "../../../lib/media/unusable.ts";
import { Random } from "../../../lib/random.ts";
import { sharedData } from "../shared_data.ts";
import { join } from "./make_dicom.ts";
import { ffmpeg, ticks } from "./make_media.ts";

const names = ["examples_ybr_color", "examples_rgb_color", "OBXXXX1A_rle_2frame"];
const [cine, still, rle] = names.map((name) => sharedData(`dicom/${name}.dcm`));
const suffix = cine && still && rle ? "" : " (skipped: the public recordings are not here)";

function realTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test({
    name: name + suffix,
    ignore: suffix !== "",
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

/** All frames of a file, one after the other. */
async function decode(path: string, frameRate: number): Promise<Uint8Array> {
  const pictures = await openDicom(path);
  const chunks: Uint8Array[] = [];
  const { width, height } = pictures.size;
  const onFrames = (bytes: Uint8Array) => void chunks.push(bytes);
  await pictures.decode({ startSeconds: 0, frameRate, size: [height, width], onFrames });
  return join(chunks);
}

/** The RLE file says nothing of its frames' times: an element for half a second each goes where it belongs. */
async function timedRle(): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(rle!);
  const sequence = [0x18, 0, 0x11, 0x60, 0x53, 0x51];
  const at = bytes.findIndex((_, i) => sequence.every((byte, j) => bytes[i + j] === byte));
  const element = [0x18, 0, 0x63, 0x10, 0x44, 0x53, 4, 0, ...new TextEncoder().encode("500 ")];
  return join([bytes.subarray(0, at), Uint8Array.from(element), bytes.subarray(at)]);
}

realTest(
  "openDicom() shows the luminance of a real JPEG cine as ffmpeg finds it in the bare frames",
  async (folder) => {
    const bytes = await Deno.readFile(cine!);
    // Its frames are whole JPEGs, one after the other.
    const start = bytes.findIndex((_, i) => bytes[i] === 0xff && bytes[i + 1] === 0xd8);
    await Deno.writeFile(`${folder}/frames.mjpeg`, bytes.subarray(start));
    const raw = ["-vf", "extractplanes=y", "-f", "rawvideo", `${folder}/raw`];
    await ffmpeg("-f", "mjpeg", "-i", `${folder}/frames.mjpeg`, ...raw);
    const expected = await Deno.readFile(`${folder}/raw`);
    const found = await decode(cine!, 30);
    assert.equal(found.length, 30 * 320 * 240);
    assert.ok(found.every((level, i) => level === expected[i]));
  },
);

realTest(
  "openDicom() shows a real palette cine in RLE as a plain decoder in another language does",
  async (folder) => {
    await Deno.writeFile(`${folder}/rle.dcm`, await timedRle());
    const found = await decode(`${folder}/rle.dcm`, 2);
    const digest = (frame: number) =>
      createHash("sha256").update(found.subarray(frame * 480000, (frame + 1) * 480000)).digest("hex");
    // SHA-256 of the frames that 20 lines of Python made of the file: PackBits, the palette's high bytes,
    // floor(0.299 R + 0.587 G + 0.114 B + 0.5). The second frame holds 255 less the indices of the first.
    assert.deepEqual([digest(0), digest(1)], [
      "9acdbdcf4aaaa73ad51da0fb8f6f3750aa631bb36c4ae7054ca2cf274be5535d",
      "a29f6126df270e60462409dab1e38bbd96831ccabbd3b035f34bc0f4994b8adc",
    ]);
  },
);

realTest("openDicom() puts damaged real files aside or reads them, and does nothing else", async (folder) => {
  const files = [await Deno.readFile(cine!), await timedRle(), await Deno.readFile(still!)];
  const random = new Random(1, "damage");
  const whole = () => Math.floor(random.uniform(0, 2 ** 30));
  const outcomes: Record<string, number> = {};
  for (let run = 0; run < 90; run++) {
    const bytes = files[run % 3].slice();
    const headerEnd = [35060, 6070, 1160][run % 3];
    // By turns in the header and anywhere, one byte or many, and now and then the end is missing.
    for (let i = run % 2 === 0 ? 1 : 30; i > 0; i--) {
      const place = 132 + whole() % ((run % 4 < 2 ? headerEnd : bytes.length) - 132);
      bytes[place] = whole() & 255;
    }
    const end = run % 5 === 0 ? whole() % bytes.length : bytes.length;
    await Deno.writeFile(`${folder}/damaged.dcm`, bytes.subarray(0, end));
    let outcome = "read";
    try {
      const pictures = await openDicom(`${folder}/damaged.dcm`);
      const frameRate = 30 / pictures.extent.endSeconds;
      await pictures.decode({ startSeconds: 0, frameRate, size: [24, 32], onFrames: () => {} });
    } catch (error) {
      if (!(error instanceof UnusableMediaError)) throw error;
      outcome = error.reason;
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  assert.ok(outcomes.read > 0 && outcomes.corrupt > 0 && outcomes.truncated > 0, JSON.stringify(outcomes));
});

realTest("prepareDataset() goes on past damaged real files to a whole one with speech", async (folder) => {
  const bytes = await Deno.readFile(cine!);
  const random = new Random(2, "damage");
  await Deno.mkdir(`${folder}/in`);
  const rows = ["video,subject,speech"];
  for (let i = 0; i < 6; i++) {
    const damaged = bytes.slice(0, i % 3 === 1 ? 40000 + 1000 * i : bytes.length);
    for (let k = 0; k < 40 * i; k++) damaged[132 + Math.floor(random.uniform(0, damaged.length - 132))] = k;
    await Deno.writeFile(`${folder}/in/${i}`, damaged);
    rows.push(`${i},p${i},s.wav`);
  }
  await ffmpeg(...ticks(2), `${folder}/in/s.wav`);
  await Deno.writeTextFile(`${folder}/in/manifest.csv`, rows.join("\n"));
  const config = resolvePrepareConfig({ set: ["windowSeconds=0.5", "framesPerWindow=10"] });
  const kinds: Record<string, string> = {};
  for await (const event of prepareDataset([`${folder}/in`], `${folder}/out`, config)) {
    if (event.kind === "scan") kinds[event.sourceName] = `${event.windowCount} windows`;
    if (event.kind === "quarantined") kinds[event.record.sourceName] = event.record.reason;
  }
  assert.equal(Object.keys(kinds).length, 6);
  // A 1 s cine whose last frame ends 10 µs early.
  assert.equal(kinds["0"], "2 windows");
  assert.equal(kinds["1"], "truncated");
});
