/**
 * Preparing a scan beside decoding the same file with ffmpeg and dropping what comes out. A scan costs that at least;
 * what preparing does besides must not show.
 *
 * @module
 */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { prepareDataset } from "../../../lib/data/prepare.ts";
import { probeMedia } from "../../../lib/media/probe.ts";
import type { BenchContext, Part, PartResult } from "../part.ts";
import { median, relativeSpread } from "../statistics.ts";
import { makeScans } from "../synthetic_data.ts";
import { columns, percent } from "../table.ts";

const rounds = 3;
/** What is made is repeated without coding it anew. */
const [repeats, secondsPerScan] = [15, 20] as const;
/** As large as scanners export pictures, and with noise, which speckle is to a codec. */
const enlarged = "scale=640:480,noise=alls=12:allf=t";

async function ffmpeg(args: readonly string[], signal: AbortSignal): Promise<void> {
  const output = await new Deno.Command("ffmpeg", {
    args: ["-nostdin", "-v", "error", "-y", ...args],
    stdin: "null",
    stderr: "piped",
    signal,
  }).output();
  signal.throwIfAborted();
  assert(output.success, `ffmpeg must decode the file: ${new TextDecoder().decode(output.stderr)}`);
}

/** Five minutes of synthetic scan. */
async function makeVideo({ scratch, signal }: BenchContext): Promise<string> {
  const [first, large, video] = ["scans/videos/s0001-01.mp4", "large.mp4", "scan.mp4"].map((name) =>
    `${scratch}/${name}`
  );
  await makeScans(`${scratch}/scans`, { seed: 5, subjects: 1, secondsPerScan, frameRate: 30 }, signal);
  await ffmpeg(["-i", first, "-vf", enlarged, "-c:a", "copy", large], signal);
  await ffmpeg(["-stream_loop", String(repeats - 1), "-i", large, "-map", "0", "-c", "copy", video], signal);
  return video;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function prepare(video: string, folder: string, signal: AbortSignal): Promise<number> {
  let windows = 0;
  for await (const event of prepareDataset([video], folder, resolvePrepareConfig(), { signal })) {
    if (event.kind === "quarantined") throw new Error(`Cannot measure preparing: ${event.record.detail}`);
    if (event.kind === "scan") windows += event.windowCount;
  }
  return windows;
}

async function run(context: BenchContext): Promise<PartResult> {
  const { options, signal, progress, scratch } = context;
  const video = options.video ?? await makeVideo(context);
  progress(0.2, "decoding");
  const { windowSeconds } = resolvePrepareConfig();
  const probe = await probeMedia(video, signal);
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await secondsOf(() => ffmpeg(["-i", video, "-f", "null", "-"], signal)));
    progress(0.2 + (0.8 * (round + 0.5)) / rounds, "preparing");
    ours.push(
      await secondsOf(async () => {
        const windows = await prepare(video, `${scratch}/dataset${round}`, signal);
        const least = Math.floor(probe.durationSeconds! / windowSeconds) - 1;
        assert(windows >= least, `preparing must find ${least} windows, found ${windows}`);
      }),
    );
    progress(0.2 + (0.8 * (round + 1)) / rounds, "decoding");
  }
  const ratio = median(ours) / median(bare);
  const row = (what: string, times: readonly number[]) => {
    const middle = median(times);
    const speed = probe.durationSeconds! / middle;
    return [what, middle.toFixed(2), `±${percent(relativeSpread(times))}`, `${speed.toFixed(0)} ×`];
  };
  return {
    text: [
      `${probe.durationSeconds!.toFixed(0)} s of ${options.video ? "a recording" : "synthetic scan"}, ${
        probe.video!.width
      }×${probe.video!.height}`,
      columns(["", "seconds", "noise", "real time"], [
        row("ffmpeg -f null", bare),
        row("preparing", ours),
      ]),
    ].join("\n"),
    data: { bareSeconds: bare, prepareSeconds: ours, ratio, durationSeconds: probe.durationSeconds! },
    targets: [{ what: "preparing ÷ bare decoding", value: ratio, most: 1.25 }],
  };
}

/** Preparing. */
export const preparingPart: Part = {
  name: "preparing",
  title: "preparing a scan beside bare decoding by ffmpeg",
  isDefault: true,
  seconds: () => 90,
  run,
};
