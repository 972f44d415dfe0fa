/**
 * WebAssembly kernels of the optimizers: one pass over a parameter, its gradient and its moments, in place.
 *
 * Units are those of `wasm_elementwise.ts`. Numbers that change from step to step lie side by side in memory.
 *
 * @module
 */

import {
  type Code,
  count,
  f32x4,
  FunctionBuilder,
  get,
  i32,
  type Local,
  sequence,
  set,
  times,
  v128,
} from "./wasm_assembler.ts";
import { endOfUnits, loadNumbers, unitVectors } from "./wasm_elementwise.ts";

/** `(first, last, vectors, numbers, …arrays)` with loops around `body`, which gets the addresses of the vectors. */
function updating(
  sizes: { numbers: number; arrays: number },
  body: (f: FunctionBuilder, numbers: readonly Code[], addresses: readonly Code[]) => Code,
): FunctionBuilder {
  const f = new FunctionBuilder(4 + sizes.arrays);
  const [first, last, vectors, from] = f.parameters;
  const [at, end] = f.locals("i32", 2);
  const numbers = f.locals("v128", sizes.numbers);
  const addresses = f.parameters.slice(4).map((array: Local) => i32.add(get(array), get(at)));
  return f.body(
    loadNumbers(numbers, from),
    endOfUnits(end, last, vectors),
    count(at, times(get(first), 16 * unitVectors), get(end), body(f, numbers.map(get), addresses), 16),
  );
}

/** Arrays: weights, gradient, momentum. Numbers: gradient's scale, weight decay, momentum's factor, −learning rate. */
export function sgdUpdate(): FunctionBuilder {
  return updating(
    { numbers: 4, arrays: 3 },
    (f, [scale, decay, keep, minusRate], [weights, gradient, momentum]) => {
      const [w, m] = f.locals("v128", 2);
      const decayed = f32x4.multiplyAdd(get(w), decay, f32x4.multiply(scale, v128.load(gradient)));
      return sequence(
        set(w, v128.load(weights)),
        set(m, f32x4.multiplyAdd(v128.load(momentum), keep, decayed)),
        v128.store(momentum, get(m)),
        v128.store(weights, f32x4.multiplyAdd(get(m), minusRate, get(w))),
      );
    },
  );
}

/**
 * Arrays: weights, gradient, first and second moment. Numbers: gradient's scale, β₁, 1 − β₁, β₂, 1 − β₂, what weight
 * decay leaves of a weight, −learning rate / (1 − β₁ᵗ), 1 / (1 − β₂ᵗ), ε.
 */
export function adamwUpdate(): FunctionBuilder {
  return updating({ numbers: 9, arrays: 4 }, (f, numbers, [weights, gradient, first, second]) => {
    const [scale, beta1, rest1, beta2, rest2, keep, minusRate, correction, epsilon] = numbers;
    const [g, m, v] = f.locals("v128", 3);
    const root = f32x4.sqrt(f32x4.multiply(get(v), correction));
    const step = f32x4.divide(f32x4.multiply(get(m), minusRate), f32x4.add(root, epsilon));
    return sequence(
      set(g, f32x4.multiply(v128.load(gradient), scale)),
      set(m, f32x4.multiplyAdd(v128.load(first), beta1, f32x4.multiply(get(g), rest1))),
      set(
        v,
        f32x4.multiplyAdd(v128.load(second), beta2, f32x4.multiply(f32x4.multiply(get(g), get(g)), rest2)),
      ),
      v128.store(first, get(m)),
      v128.store(second, get(v)),
      v128.store(weights, f32x4.multiplyAdd(v128.load(weights), keep, step)),
    );
  });
}
