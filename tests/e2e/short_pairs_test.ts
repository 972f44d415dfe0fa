/**
 * A few dozen short clips of unequal length, one window each, as a user brings them: prepared, trained on, evaluated.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ffmpeg } from "../lib/media/make_media.ts";

const script = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

/** What is seen and the word that goes with it. */
const pairs: readonly (readonly [string, string])[] = [
  ["testsrc=s=96x72:r=25", "the heart of the child"],
  ["mandelbrot=s=96x72:r=25", "a profile"],
  ["smptebars=s=96x72:r=25", "kidneys"],
  ["rgbtestsrc=s=96x72:r=25", "femur length"],
];
const voices = ["kal", "slt", "awb", "rms"];

/** 24 clips of 1.2 to 1.9 s by twelve subjects, two clips each. */
async function makeClips(folder: string): Promise<void> {
  const rows = ["scan,subject,video"];
  for (let i = 0; i < 24; i++) {
    const [picture, words] = pairs[i % pairs.length];
    const seconds = 1.2 + ((i * 7) % 24) * 0.03;
    const voice = voices[Math.floor(i / 2) % voices.length];
    await ffmpeg(
      ...["-f", "lavfi", "-i", `${picture},noise=alls=20:allf=t:all_seed=${i}`],
      ...["-f", "lavfi", "-i", `flite=text='${words}':voice=${voice},apad`],
      ...["-t", String(seconds), "-c:v", "mpeg4", "-q:v", "3", "-c:a", "aac", `file:${folder}/c${i}.mp4`],
    );
    rows.push(`c${i},p${Math.floor(i / 2)},c${i}.mp4`);
  }
  await Deno.writeTextFile(`${folder}/manifest.csv`, rows.join("\n") + "\n");
}

async function run(cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(script, { args, cwd }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("two dozen short clips of a window each become a dataset, a run that learns and an evaluation", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/clips`);
    await makeClips(`${folder}/clips`);

    const refused = await run(folder, "prepare", "clips", "--out", "long");
    assert.equal(refused.code, 3);
    const [, longest] = refused.err.match(/24 of 24 are too short .* --set windowSeconds=(1\.\d+)/)!;
    const prepared = await run(
      folder,
      "prepare",
      "clips",
      "--out",
      "short",
      "--set",
      `windowSeconds=${longest}`,
    );
    assert.equal(prepared.code, 0, prepared.err);
    assert.match(prepared.out, /scans +24\nwindows +24 [^]*quarantined +0/);

    const settings = ["training.epochs=60", "training.evaluateEveryEpochs=20"].flatMap((
      text,
    ) => ["--set", text]);
    const trained = await run(folder, "train", "short", "--run", "run", ...settings, "--json");
    assert.equal(trained.code, 0, trained.err);
    assert.match(trained.err, /data\.batchSize is 16 instead of 32/);
    assert.match(trained.err, /data\.speechSeconds is 1\.\d+ instead of 3/);
    const events = trained.out.trim().split("\n").map((line) => JSON.parse(line));
    const { chance } = events.find((event) => event.kind === "started");
    const steps = events.filter((event) => event.kind === "step");
    assert.equal(steps.length, 60);
    const mean = (name: string) => steps.slice(-10).reduce((sum, { metrics }) => sum + metrics[name] / 10, 0);
    // Speech that fits a picture cannot be told from that of the same kind of picture: below chance, far above 0.
    assert.ok(mean("loss.contrastive") < chance["loss.contrastive"] - 0.2, `${mean("loss.contrastive")}`);
    assert.ok(mean("loss.correlation") < chance["loss.correlation"] - 0.1, `${mean("loss.correlation")}`);

    const again = await run(folder, "train", "short", "--run", "run", ...settings);
    assert.equal(again.code, 0, again.err);
    const evaluated = await run(folder, "evaluate", "run", "short", "--json");
    assert.equal(evaluated.code, 0, evaluated.err);
    const report = JSON.parse(evaluated.out);
    assert.ok(report.voicedWindows >= 2 && report.subjects >= 1, evaluated.out);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
