/**
 * GFLOP/s of convolution and matrix product beside what the device can do at best.
 *
 * The device's best is measured twice: on a graphics adapter by a kernel of fused multiply-adds that stay in
 * registers, everywhere by the fastest matrix product found. A rate is that of many links of a chain less none, so
 * that starting a run and reading its result do not count.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sizeOf } from "../../../lib/shape.ts";
import { createExecutor, measureGigaflops } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import {
  add,
  affine,
  conv2d,
  conv2dFilterGradient,
  conv2dInputGradient,
  matMul,
  type Node,
  parameter,
  reduceSum,
} from "../../../lib/tensor/graph.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";
import { evaluateReference } from "../../../lib/tensor/reference.ts";
import type { BenchContext, Json, Part, PartResult, Target } from "../part.ts";
import { measurePeakGigaflops } from "../peak.ts";
import { median } from "../statistics.ts";
import { columns, percent } from "../table.ts";

/** One kind of arithmetic, as a chain of equal links. */
interface Work {
  name: string;
  /** Multiplications and additions of a link. */
  flops: number;
  /** A scalar that depends on so many links. */
  build: (links: number) => Node;
}

function values(name: string, shape: number[], fanIn: number): Node {
  const initializer = { kind: "heNormal", fanIn } as const;
  return parameter({ name, initializer, trainable: false, isWeight: true }, shape);
}

function chain(first: Node, link: (x: Node) => Node, links: number): Node {
  let x = first;
  for (let i = 0; i < links; i++) x = link(x);
  return reduceSum(x);
}

function product(size: number): Work {
  // Entries of variance 1 / size, so that values keep their size from link to link.
  const [a, b] = ["a", "b"].map((name) => values(name, [size, size], 2 * size));
  return {
    name: `product ${size}²`,
    flops: 2 * size ** 3,
    build: (links) => chain(a, (x) => matMul(x, b), links),
  };
}

/** A 3×3 convolution of `channels` to as many, in its three directions. */
function convolutions([batch, height, width, channels]: [number, number, number, number]): Work[] {
  const shape = [batch, height, width, channels];
  const filterShape = [3, 3, channels, channels];
  const x = values("x", shape, 2);
  const filter = values("filter", filterShape, 18 * channels);
  const { operation } = conv2d(x, filter);
  assert(operation.kind === "conv2d");
  const flops = 2 * sizeOf(shape) * 9 * channels;
  const name = shape.join("×");
  return [
    { name: `convolution ${name}`, flops, build: (links) => chain(x, (y) => conv2d(y, filter), links) },
    {
      name: `its input gradient`,
      flops,
      build: (links) => chain(x, (y) => conv2dInputGradient(y, filter, operation, shape), links),
    },
    {
      name: `its filter gradient`,
      flops,
      // Each by another slope, so that no two links compute the same.
      build: (links) => {
        const gradients = Array.from({ length: links }, (_, i) => {
          const slope = affine(x, 1 + (i + 1) / 1024);
          return reduceSum(conv2dFilterGradient(x, slope, operation, filterShape));
        });
        return gradients.reduce(add, reduceSum(filter));
      },
    },
  ];
}

/** The executor's scalar must be the float64 reference's; sums cancel, so the measure is the terms' own size. */
async function check(executor: Executor, works: readonly Work[]): Promise<void> {
  for (const { build, name } of works) {
    const output = build(2);
    const parameters = initializeParameters([output], 1);
    const [{ data: [expected] }] = evaluateReference([output], new Map(), parameters);
    const program = await executor.compileInference({ output }, parameters);
    const found = (await program.run(new Map())).get("output")!.data[0];
    program.dispose();
    const size = Math.sqrt(sizeOf(output.inputs[0]?.shape ?? [1]));
    const difference = Math.abs(found - expected) / Math.max(size, Math.abs(expected));
    assert(
      difference < 1e-4,
      `${name} on ${executor.device.kind} must give ${expected}, differs by ${difference}`,
    );
  }
}

/** Seconds of a run of so many links, the median of a few. */
async function secondsOf(executor: Executor, { build }: Work, links: number): Promise<number> {
  const output = build(links);
  const program = await executor.compileInference({ output }, initializeParameters([output], 1));
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const start = performance.now();
    await program.run(new Map());
    times.push((performance.now() - start) / 1000);
  }
  program.dispose();
  return median(times.slice(1));
}

/** What many links take more than none must be at least this, or clocks and scheduling decide. */
const leastSeconds = 0.1;
const mostLinks = 256;

async function gigaflopsOf(executor: Executor, work: Work): Promise<number> {
  const without = await secondsOf(executor, work, 0);
  for (let links = 2;; links *= 4) {
    const seconds = await secondsOf(executor, work, links) - without;
    if (seconds >= leastSeconds || links >= mostLinks) return (work.flops * links) / seconds / 1e9;
  }
}

interface DeviceRates {
  kind: "wasm" | "webgpu";
  name: string;
  isHardware: boolean;
  /** Of multiply-adds in registers, on a graphics adapter. */
  peak?: number;
  rates: { name: string; gigaflops: number }[];
  bestProduct: number;
}

async function measure(
  kind: "wasm" | "webgpu",
  context: BenchContext,
  progress: (share: number) => void,
): Promise<DeviceRates> {
  const executor = await createExecutor(kind);
  try {
    const { isHardware, name } = executor.device;
    await check(executor, [product(17), ...convolutions([1, 7, 5, 6])]);
    const sizes = isHardware ? [512, 1024, 2048, 4096] : [256, 512, 1024];
    const works = [
      ...sizes.map(product),
      ...convolutions(isHardware ? [32, 56, 56, 64] : [8, 56, 56, 64]),
      ...(isHardware ? convolutions([32, 28, 28, 256]) : []),
    ];
    const rates: DeviceRates["rates"] = [];
    for (const [i, work] of works.entries()) {
      context.signal.throwIfAborted();
      rates.push({ name: work.name, gigaflops: await gigaflopsOf(executor, work) });
      progress((i + 1) / works.length);
    }
    const products = rates.slice(0, sizes.length).map(({ gigaflops }) => gigaflops);
    const bestProduct = Math.max(...products, await measureGigaflops(executor));
    const peak = kind === "webgpu" ? await measurePeakGigaflops() : undefined;
    return { kind, name, isHardware, peak, rates, bestProduct };
  } finally {
    await executor.dispose();
  }
}

function tableText({ kind, name, peak, rates, bestProduct }: DeviceRates): string {
  const best = peak ?? bestProduct;
  const rows = rates.map((rate) => [
    rate.name,
    rate.gigaflops.toFixed(1),
    percent(rate.gigaflops / best),
    percent(rate.gigaflops / bestProduct),
  ]);
  const what = peak === undefined
    ? "the best product"
    : `multiply-adds in registers, ${peak.toFixed(1)} GFLOP/s`;
  return `${kind} on ${name}; its best: ${what}\n` +
    columns(["", "GFLOP/s", "of its best", "of the best product"], rows);
}

function targetsOf({ isHardware, rates, bestProduct }: DeviceRates): Target[] {
  if (!isHardware) return [];
  return rates.filter(({ name }) => name.startsWith("convolution")).map(({ name, gigaflops }) => {
    return { what: `${name} ÷ best product`, value: gigaflops / bestProduct, least: 0.5 };
  });
}

async function run(context: BenchContext): Promise<PartResult> {
  const kinds = (["wasm", "webgpu"] as const).filter((kind) =>
    kind === "wasm" || context.machine.adapter !== "none"
  );
  const devices: DeviceRates[] = [];
  for (const [i, kind] of kinds.entries()) {
    const progress = (share: number) => context.progress((i + share) / kinds.length, kind);
    devices.push(await measure(kind, context, progress));
  }
  return {
    text: devices.map(tableText).join("\n\n"),
    data: devices.map((device): Json => ({ ...device })),
    targets: devices.flatMap(targetsOf),
  };
}

/** GFLOP/s. */
export const throughputPart: Part = {
  name: "throughput",
  title: "GFLOP/s of convolution and matrix product beside the device's best",
  isDefault: true,
  seconds: () => 60,
  run,
};
