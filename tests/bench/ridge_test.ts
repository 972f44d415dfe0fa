import assert from "node:assert/strict";
import { Random } from "../../lib/random.ts";
import { fitRidge } from "./ridge.ts";

const random = new Random(1, "ridge");
const rows = (count: number, width: number) =>
  Array.from({ length: count }, () => Float64Array.from({ length: width }, () => random.normal()));

Deno.test("fitRidge() of one number is the closed form Σxy / (Σx² + λ)", () => {
  const { lambda, predict } = fitRidge(
    [Float64Array.of(1), Float64Array.of(2), Float64Array.of(6)],
    [Float64Array.of(5), Float64Array.of(3), Float64Array.of(1)],
    [0.5],
  );
  // Centred x: −2, −1, 3 and y: 2, 0, −2; λ is half the mean of 4, 1, 9.
  assert.ok(Math.abs(lambda - 7 / 3) < 1e-12);
  assert.ok(Math.abs(predict(Float64Array.of(4))[0] - (-10 / (14 + 7 / 3))) < 1e-12);
});

Deno.test("fitRidge() chooses a small λ for a linear truth and a large one for noise", () => {
  const x = rows(40, 5);
  const linear = fitRidge(x, x.map((row) => Float64Array.of(row[0] - 2 * row[3])));
  const noise = fitRidge(rows(40, 30), rows(40, 3));
  assert.ok(linear.lambda < noise.lambda, `${linear.lambda} and ${noise.lambda}`);
});
