import assert from "node:assert/strict";
import { add, type Initializer, type Node, parameter, reduceSum } from "../../../lib/tensor/graph.ts";
import { initializeParameters, parameterCount } from "../../../lib/tensor/parameters.ts";

function weight(name: string, initializer: Initializer, shape: number[], trainable = true): Node {
  return parameter({ name, initializer, trainable, isWeight: true }, shape);
}

Deno.test("initializeParameters() depends on seed, name and shape only", () => {
  const a = weight("a", { kind: "normal", standardDeviation: 1 }, [4]);
  const b = weight("b", { kind: "normal", standardDeviation: 1 }, [4]);
  const alone = initializeParameters([a], 7).get("a")!;
  const together = initializeParameters([add(b, a)], 7);
  assert.deepEqual(together.get("a"), alone);
  assert.notDeepEqual(together.get("b")!.data, alone.data);
  assert.notDeepEqual(initializeParameters([a], 8).get("a"), alone);
});

Deno.test("initializeParameters() draws with each initializer's spread", () => {
  const size = 20000;
  const spread = (initializer: Initializer) => {
    const { data } = initializeParameters([weight("w", initializer, [size])], 1).get("w")!;
    const mean = data.reduce((sum, x) => sum + x, 0) / size;
    return { mean, deviation: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / size), data };
  };
  const near = (actual: number, expected: number) => assert(Math.abs(actual - expected) < 0.03, `${actual}`);
  near(spread({ kind: "normal", standardDeviation: 0.5 }).deviation, 0.5);
  near(spread({ kind: "heNormal", fanIn: 8 }).deviation, 0.5);
  const uniform = spread({ kind: "glorotUniform", fanIn: 2, fanOut: 4 });
  near(uniform.mean, 0);
  near(uniform.deviation, 1 / Math.sqrt(3));
  assert(uniform.data.every((x) => Math.abs(x) <= 1));
  assert(spread({ kind: "constant", value: 3 }).data.every((x) => x === 3));
});

Deno.test("initializeParameters() starts running moments at mean 0 and variance 1", () => {
  const { data } = initializeParameters([weight("m", { kind: "runningMoments" }, [2, 3])], 1).get("m")!;
  assert.deepEqual([...data], [0, 0, 0, 1, 1, 1]);
});

Deno.test("parameterCount() counts trainable scalars once", () => {
  const w = weight("w", { kind: "constant", value: 0 }, [3, 5]);
  const fixed = weight("f", { kind: "constant", value: 0 }, [5], false);
  assert.equal(parameterCount([add(w, fixed), reduceSum(w)]), 15);
});
