import assert from "node:assert/strict";
import { decodePcm } from "../../../lib/media/decode.ts";
import { Random } from "../../../lib/random.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { Decimator } from "../../../lib/signal/decimator.ts";
import {
  type VoiceActivity,
  VoiceActivityStream,
  voicedFraction,
  voicedSpans,
} from "../../../lib/signal/voice_activity.ts";
import { sharedData } from "../shared_data.ts";

const sampleRate = 24000;

async function detect(
  samples: Int16Array,
  pieceLength = samples.length,
  options: { hasGaps?: boolean } = {},
): Promise<VoiceActivity> {
  const stream = await VoiceActivityStream.create(sampleRate, undefined, options);
  for (let start = 0; start < samples.length; start += pieceLength) {
    stream.push(samples.subarray(start, start + pieceLength));
  }
  return stream.finish();
}

/** Four seconds of a sound, given as a function of seconds, ±1. */
function sound(at: (seconds: number) => number, seconds = 4): Int16Array {
  return Int16Array.from(
    { length: seconds * sampleRate },
    (_, n) => Math.round(32767 * Math.max(-1, Math.min(1, at(n / sampleRate)))),
  );
}

const shareOf = (flags: Uint8Array) => voicedFraction(flags, 0, flags.length * 0.02);
const tone = (hertz: number, seconds: number) => Math.sin(2 * Math.PI * hertz * seconds);
const isOn = (seconds: number) => seconds % 0.8 < 0.25;

const random = new Random(1, "noise");
let rumble = 0;
const notSpeech: Record<string, (seconds: number) => number> = {
  "digital silence": () => 0,
  "beeps": (t) => isOn(t) ? 0.5 * tone(1000, t) : 0,
  "beeps with overtones": (t) => isOn(t) ? 0.3 * Math.sign(tone(800, t)) : 0,
  "beeps of two tones": (t) => isOn(t) ? 0.25 * (tone(880, t) + tone(1320, t)) : 0,
  "rising beeps": (t) => isOn(t) ? 0.3 * Math.sin(2 * Math.PI * (600 * t + 300 * t * t)) : 0,
  "mains hum": (t) => 0.2 * (tone(50, t) + 0.5 * tone(100, t) + 0.3 * tone(150, t)),
  "loud white noise": () => random.normal(0, 0.2),
  "loud coloured noise": () => rumble = 0.9 * rumble + random.normal(0, 0.05),
  "clicks": (t) => random.normal() * 0.5 * Math.exp(-400 * (t % 0.7)),
  "ringing clicks": (t) => 0.8 * tone(1500, t) * Math.exp(-120 * (t % 0.7)),
};
for (const [name, at] of Object.entries(notSpeech)) {
  Deno.test(`VoiceActivityStream finds no speech in ${name} by WebRTC's detector with its check`, async () => {
    assert.equal(shareOf((await detect(sound(at))).webrtc), 0);
  });
}

Deno.test("VoiceActivityStream finds beeps voiced by energy, as the paper's detector would", async () => {
  const { energy } = await detect(sound((t) => notSpeech["beeps"](t + 0.4)));
  // A beep of 0.25 s and 0.1 s of hangover every 0.8 s.
  assert.ok(Math.abs(shareOf(energy) - 0.4375) < 0.03, `${shareOf(energy)}`);
});

Deno.test("VoiceActivityStream adapts its noise floor: steady noise is not voiced by energy", async () => {
  assert.ok(shareOf((await detect(sound(() => random.normal(0, 0.1)))).energy) < 0.02);
});

Deno.test("VoiceActivityStream gives the same however the sound is cut", async () => {
  const samples = sound((t) => 0.3 * tone(150 + 50 * t, t) * (1 + tone(4, t)) + random.normal(0, 0.01), 2);
  const whole = await detect(samples);
  assert.deepEqual(await detect(samples, 1777), whole);
  assert.equal(whole.energy.length, 100);
  assert.equal(whole.webrtc.length, 100);
});

Deno.test("VoiceActivityStream takes neither a gap nor the room after it for voice", async () => {
  const noise = new Random(3, "room");
  const room = sound(() => noise.normal(0, 0.01), 8);
  const withGap = room.slice();
  withGap.fill(0, 2.005 * sampleRate, 3.505 * sampleRate);
  const share = (flags: Uint8Array) => voicedFraction(flags, 2, 8);
  const whole = await detect(room);
  assert.ok(share(whole.energy) < 0.02 && share(whole.webrtc) < 0.02);
  const gap = await detect(withGap, withGap.length, { hasGaps: true });
  assert.ok(
    share(gap.energy) < 0.02 && share(gap.webrtc) < 0.02,
    `${share(gap.energy)} ${share(gap.webrtc)}`,
  );
  assert.equal(gap.energy.length, whole.energy.length);
  // Why it must be told: without, the room counts as voice for seconds.
  assert.ok(share((await detect(withGap)).energy) > 0.3);
  // Voice beside a gap stays voice.
  const voiced = sound((t) => notSpeech["beeps"](t) + noise.normal(0, 0.005));
  const cut = voiced.slice();
  cut.fill(0, 0, 0.4 * sampleRate);
  const after = (flags: Uint8Array) => [...flags.subarray(40)];
  assert.deepEqual(
    after((await detect(cut, cut.length, { hasGaps: true })).energy),
    after((await detect(voiced)).energy),
  );
});

Deno.test("VoiceActivityStream.create() refuses rates that are no multiple of 8 kHz", async () => {
  await assert.rejects(VoiceActivityStream.create(22050), SonospeechError);
});

Deno.test("voicedSpans() and voicedFraction() agree with counting by hand", () => {
  const flags = Uint8Array.of(0, 1, 1, 0, 0, 1);
  assert.deepEqual(voicedSpans(flags).map((span) => [span.startSeconds, span.endSeconds]), [[0.02, 0.06], [
    0.1,
    0.12,
  ]]);
  assert.equal(voicedFraction(flags, 0, 0.12), 0.5);
  assert.equal(voicedFraction(flags, 0.02, 0.06), 1);
  assert.equal(voicedFraction(flags, 0.1, 0.2), 0.2);
});

Deno.test("Decimator keeps tones below half the new rate in place and removes those above", () => {
  const decimate = (hertz: number) => {
    const decimator = new Decimator(3);
    const samples = Float64Array.from({ length: 6000 }, (_, n) => tone(hertz, n / sampleRate));
    return Float64Array.from([...decimator.push(samples), ...decimator.finish()]);
  };
  const kept = decimate(1000);
  assert.equal(kept.length, 2000);
  for (let n = 50; n < 1950; n++) assert.ok(Math.abs(kept[n] - tone(1000, n / 8000)) < 0.01);
  assert.ok(decimate(6000).subarray(50, 1950).every((value) => Math.abs(value) < 0.01));
});

const recordings: [string, number][] = [
  ["speech/jfk.flac", 0.7],
  ["speech/LJ050-0131.wav", 0.7],
  ["speech/spk1_snt1.wav", 0.75],
  ["speech/spk1_snt2.wav", 0.75],
  ["speech/spk1_snt3.wav", 0.75],
];
for (const [file, least] of recordings) {
  const path = sharedData(file);
  Deno.test({
    name: `VoiceActivityStream finds the speech in ${file}${path ? "" : " (skipped: the file is not here)"}`,
    ignore: path === undefined,
    async fn() {
      const pieces: Int16Array[] = [];
      const request = { path: path!, streamIndex: 0, startSeconds: 0, sampleRate };
      await decodePcm({ ...request, onSamples: (piece) => void pieces.push(piece) });
      const stream = await VoiceActivityStream.create(sampleRate);
      pieces.forEach((piece) => stream.push(piece));
      const { energy, webrtc } = stream.finish();
      assert.ok(shareOf(webrtc) > least && shareOf(webrtc) < 0.97, `webrtc ${shareOf(webrtc)}`);
      assert.ok(shareOf(energy) > least, `energy ${shareOf(energy)}`);
    },
  });
}
