import { otherSimilarity, ownSimilarity } from "../../../lib/losses/pair_similarity.ts";
import { input } from "../../../lib/tensor/graph.ts";
import { assertClose, evaluateOne, normals } from "./float64.ts";

const [batch, width] = [5, 7];
const video = input("video", [batch, width]);
const speech = input("speech", [batch, width]);

Deno.test("ownSimilarity() and otherSimilarity() are the diagonal and the mean beside it of all cosines", () => {
  const given = { video: normals("video", batch * width), speech: normals("speech", batch * width) };
  const cosine = (i: number, k: number) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += given.video[i * width + d] * given.speech[k * width + d];
    return sum;
  };
  const rows = [...Array(batch).keys()];
  const own = rows.map((i) => cosine(i, i));
  const others = rows.map((i) =>
    rows.filter((k) => k !== i).reduce((sum, k) => sum + cosine(i, k), 0) / (batch - 1)
  );
  assertClose(evaluateOne(ownSimilarity(video, speech), given), own, 1e-12);
  assertClose(evaluateOne(otherSimilarity(video, speech), given), others, 1e-12);
});

Deno.test("otherSimilarity() is 1 where all embeddings have collapsed, 0 where each pair has its own direction", () => {
  const collapsed = Array.from({ length: batch * width }, (_, i) => i % width === 2 ? 1 : 0);
  const apart = Array.from({ length: batch * width }, (_, i) => i % width === Math.floor(i / width) ? 1 : 0);
  for (const [embeddings, other] of [[collapsed, 1], [apart, 0]] as const) {
    const given = { video: embeddings, speech: embeddings };
    assertClose(evaluateOne(ownSimilarity(video, speech), given), new Array(batch).fill(1), 1e-12);
    assertClose(evaluateOne(otherSimilarity(video, speech), given), new Array(batch).fill(other), 1e-12);
  }
});
