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
import { Random } from "../../../lib/random.ts";
import { type LeakSample, measureLeak } from "./scalar_leak.ts";

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

function assertChance(what: string, samples: readonly LeakSample[]): void {
  const { accuracy, chance, limit } = measureLeak(samples);
  const found = `${what}: ${accuracy.toFixed(3)} of ${samples.length}, chance ${chance.toFixed(3)}`;
  assert.ok(accuracy <= limit, `${found}, at most ${limit.toFixed(3)}`);
}

const frameSize = [48, 64] as const, pixels = frameSize[0] * frameSize[1];

/** Whether a pixel belongs to the part of the fan that is left after cropping. */
function isInner(pixel: number): boolean {
  const row = Math.floor(pixel / 64), column = pixel % 64;
  return row >= 12 && row < 40 && column >= 16 && column < 48;
}

/** Brightness in the middle of every visit as a share of the scan's own mean, which is the sharper measure. */
function brightness(settings: DifficultySettings, counts: (pixel: number) => boolean): LeakSample[] {
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
      return picture.reduce((sum, grey, pixel) => counts(pixel) ? sum + grey : sum, 0);
    });
    const mean = greys.reduce((a, b) => a + b) / greys.length;
    return visits.map(({ plane }, i) => {
      const label = standard.planes.includes(plane) ? plane : background;
      return { subject: name, label, value: greys[i] / mean };
    });
  });
}

Deno.test("brightness tells no plane, in the whole picture or its inner part, and would were it not kept", () => {
  assertChance("brightness", brightness(standard, () => true));
  assertChance("inner brightness", brightness(standard, isInner));
  const { accuracy, limit } = measureLeak(brightness({ ...standard, greyLevel: null }, () => true));
  assert.ok(accuracy > limit, `the probe must find a leak that is there: ${accuracy}, limit ${limit}`);
});

Deno.test("no hidden factor of a subject tells the plane, nor does the length of a visit", () => {
  const visited = scans.flatMap(({ name, subject, segments }) =>
    segments.filter(({ plane }) => plane !== background).map((segment) => ({ name, subject, ...segment }))
  );
  const factors: Record<string, (visit: typeof visited[number]) => number> = {
    gain: ({ subject }) => subject.gain,
    depth: ({ subject }) => subject.sector.depth,
    angle: ({ subject }) => subject.sector.halfAngle,
    grain: ({ subject }) => subject.grain,
    size: ({ subject }) => subject.size,
    rate: ({ subject: { speakers: [{ tempo, pitch }] } }) => tempo * pitch,
    dwell: ({ startSeconds, endSeconds }) => endSeconds - startSeconds,
  };
  for (const [what, valueOf] of Object.entries(factors)) {
    assertChance(what, visited.map((v) => ({ subject: v.name, label: v.plane, value: valueOf(v) })));
  }
});

Deno.test("neither the voice nor how long is spoken tells the plane or whether it is named", () => {
  const said = scans.flatMap(({ name, drafts }) => drafts.map((draft) => ({ ...draft, subject: name })));
  const measures: Record<string, (one: typeof said[number]) => number> = {
    voice: ({ speaker }) => (voiceNames as readonly string[]).indexOf(speaker.voice),
    pitch: ({ speaker }) => speaker.pitch,
    length: ({ text, speaker }) => text.length / (speaker.tempo * speaker.pitch),
  };
  for (const [what, valueOf] of Object.entries(measures)) {
    const label = (one: typeof said[number]) => one.plane === null ? "small talk" : "named";
    const named = said.filter(({ plane }) => plane !== null);
    assertChance(`plane by ${what}`, named.map((o) => ({ ...o, label: o.plane!, value: valueOf(o) })));
    assertChance(`named by ${what}`, said.map((o) => ({ ...o, label: label(o), value: valueOf(o) })));
  }
});

Deno.test("a still picture tells no plane", () => {
  const length = (spans: readonly Span[]) => spans.reduce((sum, s) => sum + s.endSeconds - s.startSeconds, 0);
  const samples = scans.flatMap(({ name, segments, freezes }) =>
    segments.map((segment) => {
      const within = freezes.map((freeze) => ({
        startSeconds: Math.max(freeze.startSeconds, segment.startSeconds),
        endSeconds: Math.min(freeze.endSeconds, segment.endSeconds),
      })).filter(({ startSeconds, endSeconds }) => endSeconds > startSeconds);
      return { subject: name, label: segment.plane, value: length(within) / length([segment]) };
    })
  );
  assertChance("freeze", samples);
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
    const windows = truths.flatMap((truth) => {
      const { size } = Deno.statSync(`${folder}/videos/${truth.scan}.mp4`);
      return windowTruth(truth, { windowSeconds: 2 }).map(({ plane }) => ({ plane, size, truth }));
    });
    const sampleOf = (value: (window: typeof windows[number]) => number) =>
      windows.map((w) => ({ subject: w.truth.subject, label: w.plane, value: value(w) }));
    assertChance("file size", sampleOf(({ size }) => size));
    assertChance("scan length", sampleOf(({ truth }) => truth.factors.seconds));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
