import assert from "node:assert/strict";
import { sampleRate } from "../../../lib/phantom/ffmpeg.ts";
import { drawRoom, mixSoundtrack, planNoise, type Room } from "../../../lib/phantom/soundtrack.ts";
import { phraseKey } from "../../../lib/phantom/lexicon.ts";
import type { Utterance } from "../../../lib/phantom/narration.ts";
import { Random } from "../../../lib/random.ts";

const speaker = { voice: "kal", tempo: 1, pitch: 1 };
const room: Room = { speechDb: -26, noiseDb: -50, echoes: [] };

function mix(
  parts: { utterances?: Utterance[]; noise?: ReturnType<typeof planNoise>; seconds?: number },
): Int16Array {
  const { utterances = [], noise = [], seconds = 4.5 } = parts;
  const tone = Float32Array.from({ length: sampleRate }, (_, i) => Math.SQRT2 * Math.sin(0.1 * i));
  const spoken = new Map([[phraseKey({ voice: "kal", tempo: 1, text: "a tone" }), tone]]);
  const blocks = [
    ...mixSoundtrack({ seconds, utterances, spoken, noise, room, random: new Random(1) }),
  ];
  assert.ok(blocks.every((block) => block.length <= sampleRate), "one second at a time");
  return Int16Array.from(blocks.flatMap((block) => [...block]));
}

function levelDb(pcm: Int16Array, from: number, to: number): number {
  const part = pcm.subarray(Math.round(from * sampleRate), Math.round(to * sampleRate));
  return 10 * Math.log10(part.reduce((sum, value) => sum + (value / 32767) ** 2, 0) / part.length);
}

Deno.test("mixSoundtrack() has the asked length and levels of room noise and speech", () => {
  const utterance = { text: "a tone", ...speaker, isRelated: false, plane: null, lagSeconds: null };
  const pcm = mix({ utterances: [{ ...utterance, startSeconds: 1.6, endSeconds: 2.6 }] });
  assert.equal(pcm.length, 4.5 * sampleRate);
  assert.ok(Math.abs(levelDb(pcm, 0, 1.6) + 50) < 1.5, `noise ${levelDb(pcm, 0, 1.6)} dB`);
  assert.ok(Math.abs(levelDb(pcm, 1.6, 2.6) + 26) < 0.5, `speech ${levelDb(pcm, 1.6, 2.6)} dB`);
  assert.ok(levelDb(pcm, 2.62, 4.5) < -47, "silence after the speech, across blocks");
});

Deno.test("mixSoundtrack() puts clicks and beeps where the truth has them", () => {
  const beep = { kind: "beep", startSeconds: 0.9, endSeconds: 1.2, frequency: 1000, amplitude: 0.1 } as const;
  const click = {
    kind: "click",
    startSeconds: 3,
    endSeconds: 3.09,
    frequency: 2500,
    amplitude: 0.2,
  } as const;
  const pcm = mix({ noise: [beep, click] });
  assert.ok(Math.abs(levelDb(pcm, 0.92, 1.18) - (-20 - 3)) < 0.5, `beep ${levelDb(pcm, 0.92, 1.18)} dB`);
  assert.ok(levelDb(pcm, 3, 3.01) > -30 && levelDb(pcm, 2.9, 3) < -45, "click");
});

Deno.test("planNoise() stays within the scan and drawRoom() keeps speech above the noise", () => {
  const events = planNoise(new Random(3), 160);
  assert.ok(events.some(({ kind }) => kind === "click") && events.some(({ kind }) => kind === "beep"));
  assert.ok(events.every(({ startSeconds, endSeconds }) => startSeconds >= 0 && endSeconds <= 160));
  for (let i = 0; i < 50; i++) {
    const { speechDb, noiseDb } = drawRoom(new Random(i));
    assert.ok(speechDb - noiseDb >= 10 && speechDb <= -20);
  }
});
