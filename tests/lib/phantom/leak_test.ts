/** What says nothing of the planes: each of these alone must tell them no better than chance. @module */

import assert from "node:assert/strict";
import { background } from "../../../lib/phantom/anatomy.ts";
import { difficulties, type DifficultySettings } from "../../../lib/phantom/difficulty.ts";
import { planFreezes, planSegments, planVisits, type Span } from "../../../lib/phantom/itinerary.ts";
import { draftNarration } from "../../../lib/phantom/narration.ts";
import { voiceNames } from "../../../lib/phantom/options.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import { Renderer } from "../../../lib/phantom/renderer.ts";
import { drawSubject } from "../../../lib/phantom/subject.ts";
import { type ScanTruth, windowTruth } from "../../../lib/phantom/truth.ts";
import { type Fact, type ScalarLeak, scalarLeaks } from "../../../lib/evaluation/scalar_leak.ts";
import { Random } from "../../../lib/random.ts";

const { standard } = difficulties, seconds = 60;

/** One scan of each of many subjects, planned but neither spoken nor drawn. */
const scans = Array.from({ length: 80 }, (_, index) => {
  const name = `s${String(index).padStart(3, "0")}`;
  const subject = drawSubject(new Random(2, "subject", name), name, voiceNames, standard);
  const segments = planSegments(new Random(2, "segments", name), seconds, standard.planes, standard);
  const visits = planVisits(new Random(2, "visits", name), segments, subject, standard);
  const drafts = draftNarration(new Random(2, "narration", name), segments, subject.speakers, standard);
  const freezes = planFreezes(new Random(2, "freezes", name), seconds, standard.freezesPerMinute);
  return { name, subject, segments, visits, drafts, freezes };
});

/** What is known of one item, in the order of time within a subject. */
interface Item {
  subject: string;
  label: string;
  facts: Record<string, Fact>;
}

function leaksIn(items: readonly Item[]): ScalarLeak[] {
  const names = Object.keys(items[0].facts);
  const facts = Object.fromEntries(names.map((name) => [name, items.map((item) => item.facts[name])]));
  const labels = items.map(({ label }) => label), subjects = items.map(({ subject }) => subject);
  return scalarLeaks({ facts, labels, subjects, seed: 11, deals: 499 });
}

function assertChance(items: readonly Item[]): void {
  const leaks = leaksIn(items);
  assert.ok(leaks.length > 0);
  assert.deepEqual(leaks.filter(({ isLeak }) => isLeak).map(({ verdict }) => verdict), []);
}

const frameSize = [48, 64] as const, pixels = frameSize[0] * frameSize[1];

/** Whether a pixel belongs to the part of the fan that is left after cropping. */
function isInner(pixel: number): boolean {
  const row = Math.floor(pixel / 64), column = pixel % 64;
  return row >= 12 && row < 40 && column >= 16 && column < 48;
}

/**
 * Brightness in the middle of every visit as a share of the scan's own mean, which is the sharper measure, in the whole
 * picture and in its inner part.
 */
function brightness(settings: DifficultySettings): Item[] {
  const picture = new Uint8Array(pixels);
  return scans.flatMap(({ name, subject, visits }) => {
    const renderer = new Renderer({
      seed: 2,
      scan: name,
      subject,
      visits,
      frameSize,
      settings,
      speckle: false,
    });
    const greys = visits.map(({ startSeconds, endSeconds }) => {
      renderer.render((startSeconds + endSeconds) / 2, picture);
      const sum = (counts: (pixel: number) => boolean) =>
        picture.reduce((total, grey, pixel) => counts(pixel) ? total + grey : total, 0);
      return [sum(() => true), sum(isInner)];
    });
    const [whole, inner] = [0, 1].map((part) => greys.reduce((sum, grey) => sum + grey[part], 0));
    return visits.map(({ plane }, i) => {
      const label = standard.planes.includes(plane) ? plane : background;
      const facts = { brightness: greys[i][0] / whole, "inner brightness": greys[i][1] / inner };
      return { subject: name, label, facts };
    });
  });
}

Deno.test("brightness tells no plane, in the whole picture or its inner part, and would were it not kept", () => {
  assertChance(brightness(standard));
  const [whole] = leaksIn(brightness({ ...standard, greyLevel: null }));
  assert.ok(whole.isLeak, `the probe must find a leak that is there: ${whole.verdict}`);
});

Deno.test("no hidden factor of a subject tells the plane, nor does the length of a visit", () => {
  assertChance(
    scans.flatMap(({ name, subject, segments }) =>
      segments.filter(({ plane }) => plane !== background).map(({ plane, startSeconds, endSeconds }) => ({
        subject: name,
        label: plane,
        facts: {
          gain: subject.gain,
          depth: subject.sector.depth,
          angle: subject.sector.halfAngle,
          grain: subject.grain,
          size: subject.size,
          rate: subject.speakers[0].tempo * subject.speakers[0].pitch,
          dwell: endSeconds - startSeconds,
        },
      }))
    ),
  );
});

Deno.test("neither the voice nor how long is spoken tells the plane or whether it is named", () => {
  const said = scans.flatMap(({ name, drafts }) =>
    drafts.map(({ plane, text, speaker: { voice, pitch, tempo } }) => ({
      subject: name,
      plane,
      facts: { voice, pitch, length: text.length / (tempo * pitch) },
    }))
  );
  assertChance(said.flatMap((one) => one.plane === null ? [] : [{ ...one, label: one.plane }]));
  assertChance(said.map((one) => ({ ...one, label: one.plane === null ? "small talk" : "named" })));
});

Deno.test("a still picture tells no plane", () => {
  const length = (spans: readonly Span[]) => spans.reduce((sum, s) => sum + s.endSeconds - s.startSeconds, 0);
  assertChance(scans.flatMap(({ name, segments, freezes }) =>
    segments.map((segment) => {
      const within = freezes.map((freeze) => ({
        startSeconds: Math.max(freeze.startSeconds, segment.startSeconds),
        endSeconds: Math.min(freeze.endSeconds, segment.endSeconds),
      })).filter(({ startSeconds, endSeconds }) => endSeconds > startSeconds);
      return { subject: name, label: segment.plane, facts: { frozen: length(within) / length([segment]) } };
    })
  ));
});

Deno.test("a file's size and length tell no plane of its windows", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const small = {
      subjects: 10,
      secondsPerScan: 16,
      frameRate: 4,
      frameSize: [48, 64],
      voices: ["kal"],
    } as const;
    for await (const { done, total } of generatePhantom(folder, small)) assert.ok(done <= total!);
    const lines = (await Deno.readTextFile(`${folder}/truth.jsonl`)).trim().split("\n");
    const truths: ScanTruth[] = lines.map((line) => JSON.parse(line));
    assertChance(truths.flatMap((truth) => {
      const { size } = Deno.statSync(`${folder}/videos/${truth.scan}.mp4`);
      const facts = { "file size": size, "scan length": truth.factors.seconds };
      return windowTruth(truth, { windowSeconds: 2 }).map(({ plane }) => ({
        subject: truth.subject,
        label: plane,
        facts,
      }));
    }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
