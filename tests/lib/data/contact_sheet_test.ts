import assert from "node:assert/strict";
import { decode } from "fast-png";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { contactSheet, type SheetSource } from "../../../lib/data/contact_sheet.ts";
import type { ScanRecord } from "../../../lib/data/dataset_records.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { prepareDataset, type PrepareEvent } from "../../../lib/data/prepare.ts";
import { ffmpeg, ticks, withFolder } from "../media/make_media.ts";

const config = resolvePrepareConfig({ file: { windowSeconds: 1, framesPerWindow: 4, frameSize: [12, 16] } });

const scan = (number: number): ScanRecord => ({
  ...{
    id: `s${String(number).padStart(4, "0")}`,
    subject: "Secret Subject",
    split: "train",
    durationSeconds: 2.5,
  },
  ...{ windowCount: 2, frameCount: 8, columnCount: 250, sampleCount: 60000, contentHash: "x" },
  ...{
    sourceName: "Secret Name.mp4",
    axisStartSeconds: 0,
    picture: { width: 640, height: 480 },
    hasGaze: false,
  },
  ...{ crop: { x: 100, y: 50, width: 320, height: 240 }, notes: ["<a note> & more"] },
});

/** Scans whose frame n is full of 10 n. */
function fakeSource(scans: number): SheetSource {
  const aside = {
    scanId: "s0099",
    subject: "Secret Subject",
    sourceName: "Secret Name.avi",
    reason: "no audio",
  };
  return {
    config,
    scans: () => Array.from({ length: scans }, (_, i) => scan(i + 1)),
    quarantine: () => [{ ...aside, detail: "it holds no sound" }],
    readFrames: (_, start) => new Uint8Array(12 * 16).fill(10 * start),
    summary: () => ({
      ...{ windows: 2 * scans, hours: scans / 1800, bleeped: { scans: 0, seconds: 0 } },
      masks: { confirmed: 0, template: 0, found: scans, none: 0 },
    } as ReturnType<SheetSource["summary"]>),
  };
}

const imagesIn = (html: string) =>
  [...html.matchAll(/src="data:image\/png;base64,([^"]+)"/g)].map(([, base64]) =>
    decode(Uint8Array.fromBase64(base64))
  );

Deno.test("contactSheet() shows the crop, sample frames, notes and what was put aside", () => {
  const html = contactSheet(fakeSource(1));
  assert.match(
    html,
    /<svg viewBox="0 0 640 480">.*<rect class="kept" x="100" y="50" width="320" height="240"/,
  );
  const images = imagesIn(html);
  assert.deepEqual(images.map(({ width, height, data }) => [width, height, data[0], data.at(-1)]), [
    ...[10, 30, 50, 70].map((level) => [16, 12, level, level]),
  ]);
  assert.match(html, /&lt;a note> &amp; more/);
  assert.match(html, /s0099<\/td><td>no audio<\/td><td>it holds no sound/);
});

Deno.test("contactSheet() names neither files nor subjects and loads nothing", () => {
  const html = contactSheet(fakeSource(2));
  assert.ok(!html.includes("Secret"));
  assert.match(html, /default-src 'none'; img-src data:/);
  assert.ok(!/(?:src|href)="(?!data:)|<script|url\(|https?:/.test(html));
});

Deno.test("contactSheet() has fewer frames of each scan the more scans there are", () => {
  assert.equal(imagesIn(contactSheet(fakeSource(500))).length, 1000);
  const many = contactSheet(fakeSource(1300));
  assert.equal(imagesIn(many).length, 1200);
  assert.equal(many.match(/<article id=/g)!.length, 1300);
});

Deno.test("prepareDataset() warns of marks burnt into the frames and shows them on its page", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/in`);
    const mark = [0, 8, 16].map((x) => `drawbox=x=${100 + x}:y=40:w=3:h=16:color=white:t=fill`).join(",");
    for (const [name, drawn] of [["plain", "null"], ["marked", mark]]) {
      const noise = `color=c=0x202020:s=192x144:r=10:d=3,noise=alls=60:allf=t,format=gray,${drawn}`;
      const coding = ["-c:v", "ffv1", "-c:a", "pcm_s16le"];
      await ffmpeg("-f", "lavfi", "-i", noise, ...ticks(3), ...coding, `file:${folder}/in/${name}.mkv`);
    }
    const settings = resolvePrepareConfig({ set: ["windowSeconds=1", "frameSize=[144,192]", "crop=none"] });
    const events: PrepareEvent[] = [];
    for await (const event of prepareDataset([`${folder}/in`], `${folder}/out`, settings)) events.push(event);
    const warnings = events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
    assert.deepEqual(warnings.filter((message) => message.includes("burnt")).length, 1);
    const dataset = DatasetReader.open(`${folder}/out`);
    const flagged = dataset.scans().filter(({ notes }) => notes.some((note) => note.includes("burnt")));
    assert.deepEqual(flagged.map(({ sourceName }) => sourceName), ["marked.mkv"]);
    const html = await Deno.readTextFile(`${folder}/out/qc.html`);
    assert.equal(html.match(/never changes/g)!.length, 1);
    assert.ok(!/mkv|marked|plain/.test(html.replaceAll(/base64,[^"]+/g, "")));
    // The last picture of the marked scan is white where the marks are.
    const card = html.slice(html.indexOf(`id="${flagged[0].id}"`));
    const { data, width } = imagesIn(card.slice(0, card.indexOf("</article>"))).at(-1)!;
    const white = Array.from(data).flatMap((level, i) => level > 200 ? [i] : []);
    assert.ok(white.length > 0 && white.every((i) => i % width >= 64 && i % width <= 82), `${white}`);
    dataset.close();
  });
});
