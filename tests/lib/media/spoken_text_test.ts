import assert from "node:assert/strict";
import { fliteVoices, speakText } from "../../../lib/media/spoken_text.ts";

const loudness = (samples: Int16Array) =>
  Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

Deno.test("speakText() speaks in every voice at the rate that is asked for", async () => {
  for (const voice of fliteVoices) {
    const [slow, fast] = await Promise.all(
      [8000, 24000].map((sampleRate) => speakText("Four chamber view, please.", { voice, sampleRate })),
    );
    const seconds = fast.length / 24000;
    assert.ok(seconds > 1 && seconds < 4, `${voice}: ${seconds} s`);
    assert.ok(Math.abs(slow.length / 8000 - seconds) < 0.02);
    assert.ok(loudness(fast) > 300, `${voice} is heard`);
  }
});

Deno.test("speakText() says more for more words, and the same again", async () => {
  const say = (text: string) => speakText(text, { voice: "slt", sampleRate: 16000 });
  const [one, two, again] = await Promise.all([say("femur"), say("femur and abdomen"), say("femur")]);
  assert.ok(two.length > one.length * 1.5);
  assert.deepEqual(again, one);
});

Deno.test("speakText() refuses what is no English text before anything is run", async () => {
  for (
    const text of ["", " . ", "a:b", "it's", "a:textfile=/etc/passwd", "a[b]", "a;b", "a\\b", "café", "a\nb"]
  ) {
    const refusal = { code: "usage", message: /English words/, hint: /--speech FILE/ };
    await assert.rejects(speakText(text, { voice: "kal", sampleRate: 8000 }), refusal, text);
  }
});
