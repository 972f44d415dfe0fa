import assert from "node:assert/strict";
import { learnedTemperature } from "../../../lib/losses/temperature.ts";
import { parametersOf } from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { assertClose, checkGradients, evaluateOne } from "./float64.ts";

const temperature = learnedTemperature({ initial: 0.1, minimum: 0.01 });
const name = "temperature.log";

Deno.test("learnedTemperature() starts at its initial value", () => {
  const { data } = initializeParameters([temperature], 1).get(name)!;
  assertClose(evaluateOne(temperature, { [name]: data }), [0.1], 1e-7);
});

Deno.test("learnedTemperature() never falls below its minimum", () => {
  assertClose(evaluateOne(temperature, { [name]: [-20] }), [0.01]);
});

Deno.test("learnedTemperature() learns above its minimum, and decay may spare it", () => {
  const parameter = parametersOf([temperature]).get(name)!;
  assert.ok(parameter.operation.trainable && !parameter.operation.isWeight);
  checkGradients(temperature, [parameter], { [name]: [-1.5] });
});
