import assert from "node:assert/strict";
import fc from "fast-check";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import { compileStep } from "../../../lib/tensor/compiler/compile.ts";
import { fuse } from "../../../lib/tensor/compiler/fusion.ts";
import { planMemory } from "../../../lib/tensor/compiler/memory_plan.ts";
import { alignment, type Dispatch, type Value, wordsIn } from "../../../lib/tensor/compiler/value.ts";
import {
  add,
  affine,
  broadcastTo,
  exp,
  input,
  matMul,
  multiply,
  parameter,
  reduceSum,
  relu,
  reshape,
  transpose,
} from "../../../lib/tensor/graph.ts";
import { mapIndex } from "../../../lib/tensor/kernels/wgsl_index.ts";
import { splitProduct } from "../../../lib/tensor/kernels/wgsl_shared_product.ts";
import { type Tuning, tunings } from "../../../lib/tensor/kernels/wgsl_tuning.ts";
import { type Shape, sizeOf, stridesOf } from "../../../lib/shape.ts";
import { modelS } from "../../bench/model_s.ts";

const [a, b, bias] = [input("a", [4, 8]), input("b", [8, 16]), input("bias", [16])];

Deno.test("fuse() makes one kernel of a product, its bias and ReLU", () => {
  const product = matMul(a, b);
  const y = relu(add(product, bias));
  assert.deepEqual(fuse([y], 8).kernels, [{ root: product, stores: [y] }]);
});

Deno.test("fuse() stores beside a root what is made of it alone, and not the root where nothing else needs it", () => {
  const sum = reduceSum(a, [0]);
  const [moved, row] = [affine(sum, 0.5), reshape(sum, [1, 8])];
  const product = matMul(row, b);
  assert.deepEqual(fuse([moved, product], 8).kernels, [
    { root: sum, stores: [moved, row] },
    { root: product, stores: [product] },
  ]);
  assert.deepEqual(fuse([sum, moved], 8).kernels, [{ root: sum, stores: [sum, moved] }]);
});

Deno.test("fuse() leaves an operand of later reductions out of the kernel before them", () => {
  const [first, second] = [reduceSum(a, [0]), reduceSum(b, [1])];
  const product = multiply(first, second);
  const { kernels } = fuse([product], 8);
  assert.deepEqual(kernels, [{ root: first, stores: [first] }, { root: second, stores: [product] }]);
});

Deno.test("fuse() does not take an element for its own where another is meant", () => {
  const product = matMul(input("c", [3, 4]), input("d", [4, 3]));
  const turned = transpose(product, [1, 0]);
  assert.deepEqual(fuse([turned], 8).kernels, [{ root: product, stores: [product] }, { stores: [turned] }]);
  const sum = reduceSum(a, [1]);
  const wide = multiply(broadcastTo(reshape(sum, [4, 1]), [4, 8]), a);
  const { kernels } = fuse([wide], 8);
  assert.deepEqual(kernels.map(({ root, stores }) => [root, stores.includes(wide)]), [[sum, false], [
    undefined,
    true,
  ]]);
});

Deno.test("fuse() computes large shared values once and small ones where they are needed", () => {
  for (const [rows, stored] of [[4, 0], [1024, 1]]) {
    const x = input("x", [rows, 8]);
    const shared = exp(x);
    const { kernels } = fuse([reduceSum(shared, [0]), reduceSum(multiply(shared, x), [1])], 8);
    assert.equal(kernels.length, 2 + stored, `${rows} rows`);
  }
});

Deno.test("fuse() stores values in between where a kernel would read too many buffers", () => {
  const inputs = Array.from({ length: 20 }, (_, i) => input(`x${i}`, [8]));
  const sum = inputs.reduce(add);
  for (const maxBuffers of [4, 8]) {
    const { kernels } = fuse([sum], maxBuffers);
    assert.equal(kernels.length, Math.ceil(19 / (maxBuffers - 3)), `${maxBuffers} buffers`);
  }
});

Deno.test("planMemory() never gives overlapping memory to two values that are alive at once, nor too little", () => {
  const lifetimes = fc.array(fc.tuple(fc.nat(20), fc.nat(6), fc.integer({ min: 1, max: 999 })), {
    minLength: 1,
  });
  fc.assert(fc.property(lifetimes, (all) => {
    const dispatches: Dispatch[] = Array.from({ length: 30 }, () => {
      return { label: "", code: "", workgroups: [1, 1], bindings: [], turns: 0 };
    });
    const values = all.map(([first, length, size]) => {
      const value: Value = { label: "", size, type: size % 3 === 0 ? "half" : "f32" };
      const bind = (at: number, access: "read" | "write") =>
        (dispatches[at].bindings as { value: Value; access: typeof access }[]).push({ value, access });
      bind(first, "write");
      if (length > 0) bind(first + length, "read");
      return { value, first, last: first + length };
    });
    const { slots, unsharedSize } = planMemory(dispatches);
    assert.equal(unsharedSize, values.reduce((sum, { value }) => sum + wordsIn(value), 0));
    const stretchOf = ({ place, ...value }: Value) => {
      assert.ok(place?.kind === "slot");
      return { slot: place.slot, from: place.offset, to: place.offset + wordsIn(value) };
    };
    for (const one of values) {
      const { slot, from, to } = stretchOf(one.value);
      assert.ok(to <= slots[slot] && from % alignment === 0);
      for (const other of values) {
        if (one === other || one.first > other.last || other.first > one.last) continue;
        const its = stretchOf(other.value);
        assert.ok(its.slot !== slot || its.to <= from || to <= its.from, "they overlap");
      }
    }
    for (const { bindings } of dispatches) {
      const slotsOf = (access: string) =>
        new Set(bindings.filter((one) => one.access === access).map(({ value }) => stretchOf(value).slot));
      assert.ok(slotsOf("read").isDisjointFrom(slotsOf("write")), "a kernel reads and writes one slot");
    }
  }));
});

/** Evaluates sums of products and quotients of whole numbers, from left to right as WGSL does. */
function evaluate(code: string, index: number): number {
  return code.split(" + ").reduce((sum, term) => {
    const [first, ...rest] = term.split(" ");
    const value = (text: string) => text === "index" ? index : Number(text);
    let result = value(first);
    for (let i = 0; i < rest.length; i += 2) {
      const operand = value(rest[i + 1]);
      result = rest[i] === "/"
        ? Math.trunc(result / operand)
        : rest[i] === "%"
        ? result % operand
        : result * operand;
    }
    return sum + result;
  }, 0);
}

Deno.test("mapIndex() leads where the strides lead, for every element", () => {
  const axis = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 1, 2, 3, 4, 6, 8, 12, 24));
  fc.assert(fc.property(fc.array(axis, { maxLength: 4 }), fc.nat(5), (axes, start) => {
    const shape: Shape = axes.map(([size]) => size);
    const strides = axes.map(([, stride]) => stride);
    const code = mapIndex({ shape, strides, start }, "index");
    const own = stridesOf(shape);
    for (let index = 0; index < sizeOf(shape); index++) {
      const expected = shape.reduce(
        (sum, size, i) => sum + Math.trunc(index / own[i]) % size * strides[i],
        start,
      );
      assert.equal(evaluate(code, index), expected, code);
    }
  }));
});

Deno.test("mapIndex() is the index itself where both tensors are the same", () => {
  assert.equal(mapIndex({ shape: [2, 3, 4], strides: [12, 4, 1] }, "index"), "index");
  assert.equal(mapIndex({ shape: [2, 3], strides: [0, 0] }, "index"), "0");
});

Deno.test("compileStep() makes at most 170 dispatches of model S, and shares memory", () => {
  const { dispatches, plan } = compileStep(modelS(), { tuning: tunings.registers, maxBuffers: 8 });
  assert.ok(dispatches.length <= 170, `${dispatches.length} dispatches`);
  const planned = plan.slots.reduce((sum, size) => sum + size, 0);
  assert.ok(planned < 0.6 * plan.unsharedSize, `${planned} of ${plan.unsharedSize}`);
});

Deno.test("compileStep() plans little more memory than is alive at once", () => {
  for (const storage of ["f32", "f16"] as const) {
    const target = { tuning: tunings.registers, maxBuffers: 8 };
    const { dispatches, plan } = compileStep({ ...modelS(), storage }, target);
    const alive = new Array<number>(dispatches.length).fill(0);
    for (const value of new Set(dispatches.flatMap(({ bindings }) => bindings.map((one) => one.value)))) {
      if (value.place?.kind !== "slot") continue;
      const uses = dispatches.map(({ bindings }) => bindings.some((one) => one.value === value));
      for (let i = uses.indexOf(true); i <= uses.lastIndexOf(true); i++) alive[i] += wordsIn(value);
    }
    const planned = plan.slots.reduce((sum, size) => sum + size, 0);
    assert.ok(planned < 1.1 * Math.max(...alive), `${storage}: ${planned} of ${Math.max(...alive)}`);
  }
});

Deno.test("compileStep() keeps within the eight buffers of every device, for all presets and kernels", () => {
  for (const preset of ["tiny", "small", "paper"]) {
    const graph = buildTrainingGraph(resolveRunConfig({ set: [`preset=${preset}`, "data.batchSize=4"] }));
    for (const tuning of Object.values(tunings)) {
      const { dispatches } = compileStep(graph, { tuning, maxBuffers: 8 });
      const most = Math.max(...dispatches.map(({ bindings }) => bindings.length));
      assert.ok(most <= 8, `${preset} binds ${most} buffers`);
    }
  }
});

Deno.test("compileStep() copies no gradient that a kernel can write in its place", () => {
  const initializer = { kind: "constant", value: 1 } as const;
  const weight = parameter({ name: "w", initializer, trainable: true, isWeight: true }, [8, 16]);
  const objective = reduceSum(matMul(a, weight));
  const sgd = { kind: "sgd", momentum: 0, weightDecay: 0, decayBiasAndNorm: false } as const;
  const graph = { objective, outputs: {}, stateUpdates: [], optimizer: sgd, clipNorm: 1 };
  const { layout, parameters } = compileStep(graph, { tuning: tunings.registers, maxBuffers: 8 });
  const [gradient] = layout.targets.keys();
  assert.equal(gradient.operation.kind, "matMul");
  assert.deepEqual(layout.parameters.get("w"), { shape: [8, 16], offset: 0 });
  assert.deepEqual([...parameters.keys()], ["w"]);
});

Deno.test("compileStep() has no invocation store a component of a vector, which may touch the others", () => {
  let checked = 0;
  for (const tuning of Object.values(tunings)) {
    for (const preset of ["tiny", "small", "paper"]) {
      const graph = buildTrainingGraph(resolveRunConfig({ set: [`preset=${preset}`] }));
      for (const { code, label } of compileStep(graph, { tuning, maxBuffers: 8 }).dispatches) {
        const shared = code.matchAll(/var<(?:workgroup|storage, read_write)> (\w+): array<vec4/g);
        for (const [, name] of shared) {
          checked++;
          const store = new RegExp(`\\b${name}\\[[^;=]*\\](\\[|\\.)[^;=]*=[^=]`);
          assert.doesNotMatch(code, store, label);
        }
      }
    }
  }
  assert.ok(checked > 100);
});

Deno.test("splitProduct() takes large tiles where they fill a chip, and small ones elsewhere", () => {
  const operands = { left: "return 0.0;", right: "return 0.0;", place: "return 0;" };
  const tileOf = (rows: number, columns: number, batches: number, tuning: Tuning) => {
    const neighbours = { left: "depth", right: "columns" } as const;
    const product = { rows, columns, depth: 576, batches, ...operands, neighbours };
    const { tile } = splitProduct(product, tuning);
    return [tile.rows, tile.columns];
  };
  const { shared, wide } = tunings;
  assert.deepEqual(tileOf(128 * 128, 128, 1, wide), [128, 128]);
  assert.deepEqual(tileOf(128 * 127, 128, 1, wide), [64, 64], "one tile too few");
  assert.deepEqual(tileOf(128, 20, 128, wide), [128, 32], "products side by side count");
  assert.deepEqual(tileOf(128 * 128, 128, 1, shared), [64, 64]);
});

Deno.test("compileStep() needs no more lanes and workgroup memory than every device has", () => {
  let largest = 0;
  for (const preset of ["tiny", "small", "paper"]) {
    const graph = buildTrainingGraph(resolveRunConfig({ set: [`preset=${preset}`] }));
    for (const { code, label } of compileStep(graph, { tuning: tunings.wide, maxBuffers: 8 }).dispatches) {
      assert.ok(Number(code.match(/@workgroup_size\((\d+)\)/)![1]) <= 256, label);
      const vectors = [...code.matchAll(/var<workgroup> \w+: array<vec4<f32>, (\d+)>/g)];
      const bytes = vectors.reduce((sum, [, count]) => sum + 16 * Number(count), 0);
      assert.ok(bytes <= 16384, `${label}: ${bytes} bytes`);
      largest = Math.max(largest, bytes);
    }
  }
  assert.ok(largest > 0);
});
