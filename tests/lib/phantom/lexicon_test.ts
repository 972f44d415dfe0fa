import assert from "node:assert/strict";
import { sampleRate } from "../../../lib/phantom/ffmpeg.ts";
import { Lexicon, phraseKey } from "../../../lib/phantom/lexicon.ts";

const slow = { voice: "kal", tempo: 0.85, text: "one moment please" };
const fast = { ...slow, tempo: 1.2 };

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Lexicon.lookUp() speaks at the asked tempo, level 1 and without silence around", () =>
  inFolder(async (folder) => {
    const spoken = await new Lexicon(folder).lookUp([slow, fast, slow]);
    assert.equal(spoken.size, 2);
    const [long, short] = [slow, fast].map((phrase) => spoken.get(phraseKey(phrase))!);
    const ratio = long.length / short.length;
    assert.ok(Math.abs(ratio - 1.2 / 0.85) < 0.1, `${ratio} times as long`);
    assert.ok(long.length > 0.5 * sampleRate && long.length < 3 * sampleRate);
    const power = long.reduce((sum, value) => sum + value * value, 0) / long.length;
    assert.ok(Math.abs(power - 1) < 1e-3, `power ${power}`);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("Lexicon.lookUp() speaks once what it remembers, and again what it had to forget", () =>
  inFolder(async (folder) => {
    const speakTwice = async (limit?: number) => {
      const lexicon = new Lexicon(folder, limit);
      const [first, second] = [await lexicon.lookUp([slow]), await lexicon.lookUp([slow])];
      return [first, second].map((spoken) => spoken.get(phraseKey(slow))!);
    };
    const [kept, same] = await speakTwice();
    assert.equal(same, kept);
    const [forgotten, again] = await speakTwice(1);
    assert.notEqual(again, forgotten);
    assert.deepEqual(again, forgotten);
  }));

Deno.test("Lexicon.lookUp() fails when all it began has ended, and leaves nothing behind", () =>
  inFolder(async (folder) => {
    const manners = Array.from({ length: 12 }, (_, index) => ({ ...slow, tempo: 0.8 + index / 100 }));
    const unknown = manners.map((phrase) => ({ ...phrase, voice: "nobody" }));
    await assert.rejects(new Lexicon(folder).lookUp([...unknown, ...manners]), /ffmpeg must succeed/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));
