import assert from "node:assert/strict";

/** Runs ffmpeg to make a file for a test. */
export async function ffmpeg(...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("ffmpeg", {
    args: ["-nostdin", "-y", "-v", "error", ...args],
  })
    .output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

/** Pictures whose grey level is 5 times their number, 64 × 48 at 10 Hz. */
export const countingPictures = (seconds: number) => [
  ...["-f", "lavfi", "-i", `color=c=black:s=64x48:r=10:d=${seconds},format=gray,geq=lum='mod(N*5,250)'`],
];

/** Silence with one loud sample at each whole second. */
export const ticks = (seconds: number, sampleRate = 48000) => [
  ...["-f", "lavfi", "-i", `aevalsrc='0.9*eq(mod(n,${sampleRate}),0)':d=${seconds}:s=${sampleRate}`],
];

/** Runs a test with a folder whose name is as hostile as names can be. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  const folder = `${root}/-i %03d, a:b|c 'd' "e"\n?* ü医`;
  await Deno.mkdir(folder);
  try {
    await work(folder);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
