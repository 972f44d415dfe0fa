/**
 * The optimizer on a graphics adapter, in place: one program sums squares of gradients, one joins them and decides,
 * one updates each parameter with its moments.
 *
 * Bindings are listed in each program's source. Workgroups of 64. Whether the step is taken is decided on the
 * device, so the processor need not wait: NaN and infinity are found by their exponent bits, as WGSL lets compilers
 * assume that neither exists.
 *
 * @module
 */

import { sizeOf } from "../../shape.ts";
import type { OptimizerRule, StepSettings } from "../executor.ts";
import { float, loopTurns } from "../kernels/wgsl.ts";
import type { Handle, Update, UpdateInputs, UpdateTask } from "./tensor_device.ts";
import type { WebgpuMemory } from "./webgpu_memory.ts";
import { assertTurns } from "./webgpu_turns.ts";

/** Lanes that sum one gradient: each writes one partial sum. */
const sumLanes = 1024;

const squaresSource = `
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = 0.0;
  for (var i = id.x; i < arrayLength(&gradient); i += ${sumLanes}u) { sum += gradient[i] * gradient[i]; }
  partial[id.x] = sum;
}`;

/** Writes [norm, 1 or 0, scale of the gradients]. */
const decisionSource = (clipNorm: number) => `
@group(0) @binding(0) var<storage, read> partial: array<f32>;
@group(0) @binding(1) var<storage, read> objective: array<f32>;
@group(0) @binding(2) var<storage, read_write> control: array<f32>;
var<workgroup> sums: array<f32, 64>;
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < arrayLength(&partial); i += 64u) { sum += partial[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane > 0u) { return; }
  var total = 0.0;
  for (var i = 0; i < 64; i++) { total += sums[i]; }
  let norm = sqrt(total);
  control[0] = norm;
  control[1] = select(0.0, 1.0, isFinite(total) && isFinite(objective[0]));
  control[2] = ${
  Number.isFinite(clipNorm) ? `select(1.0, ${float(clipNorm)} / norm, norm > ${float(clipNorm)})` : "1.0"
};
}`;

/** settings: [learning rate, learning rate / (1 − beta1^t), 1 / (1 − beta2^t)]. */
function updateSource(rule: OptimizerRule, decay: number): string {
  const weightDecay = float(rule.weightDecay * decay);
  const moments = rule.kind === "sgd" ? ["first"] : ["first", "second"];
  const body = rule.kind === "sgd"
    ? `
  first[i] = ${float(rule.momentum)} * first[i] + g + ${weightDecay} * weights[i];
  weights[i] -= settings.x * first[i];`
    : `
  first[i] = ${float(rule.beta1)} * first[i] + ${float(1 - rule.beta1)} * g;
  second[i] = ${float(rule.beta2)} * second[i] + ${float(1 - rule.beta2)} * g * g;
  weights[i] = weights[i] * (1.0 - settings.x * ${weightDecay}) -
    settings.y * first[i] / (sqrt(second[i] * settings.z) + ${float(rule.epsilon)});`;
  return `
@group(0) @binding(0) var<uniform> settings: vec4<f32>;
@group(0) @binding(1) var<storage, read> control: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
${
    moments.map((name, k) => `@group(0) @binding(${4 + k}) var<storage, read_write> ${name}: array<f32>;`)
      .join("\n")
  }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = id.y * groups.x * 64u + id.x;
  if (control[1] == 0.0 || i >= arrayLength(&weights)) { return; }
  let g = gradient[i] * control[2];${body}
}`;
}

const stateSource = `
@group(0) @binding(0) var<storage, read> control: array<f32>;
@group(0) @binding(1) var<storage, read> value: array<f32>;
@group(0) @binding(2) var<storage, read_write> state: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (control[1] == 0.0 || id.x >= arrayLength(&state)) { return; }
  state[id.x] = value[id.x];
}`;

/**
 * Makes an optimizer step ready on a graphics adapter.
 *
 * @throws SonospeechError `device` when a software adapter would end its loops too soon.
 */
export function compileWebgpuUpdate(task: UpdateTask, memory: WebgpuMemory): Update {
  return new WebgpuUpdate(task, memory);
}

/** A lane of the first program has a share of one gradient, one of the second a share of all partial sums. */
function assertUpdateTurns({ parameters }: UpdateTask, { report }: WebgpuMemory): void {
  for (const { handle: { shape } } of parameters) {
    assertTurns(loopTurns(Math.ceil(sizeOf(shape) / sumLanes)), `the gradient norm of [${shape}]`, report);
  }
  const joined = loopTurns(parameters.length * sumLanes / 64) + loopTurns(64);
  assertTurns(joined, `the gradient norm of ${parameters.length} parameters`, report);
}

class WebgpuUpdate implements Update {
  readonly #task: UpdateTask;
  readonly #memory: WebgpuMemory;
  readonly #settings: GPUBuffer;
  readonly #partial: GPUBuffer;
  readonly #squares: GPUComputePipeline;
  readonly #decision: GPUComputePipeline;
  readonly #state: GPUComputePipeline;
  readonly #rules: Record<number, GPUComputePipeline> = {};

  constructor(task: UpdateTask, memory: WebgpuMemory) {
    const { device } = memory;
    assertUpdateTurns(task, memory);
    this.#task = task;
    this.#memory = memory;
    this.#settings = device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    const partials = Math.max(1, task.parameters.length) * sumLanes;
    this.#partial = device.createBuffer({ size: partials * 4, usage: GPUBufferUsage.STORAGE });
    this.#squares = pipeline(device, squaresSource);
    this.#decision = pipeline(device, decisionSource(task.clipNorm));
    this.#state = pipeline(device, stateSource);
    for (const { decay } of task.parameters) {
      this.#rules[decay] ??= pipeline(device, updateSource(task.rule, decay));
    }
  }

  run(inputs: UpdateInputs): Handle {
    const control = this.#memory.allocate([3]);
    const buffers = {
      control: this.#memory.bufferOf(control),
      objective: this.#memory.bufferOf(inputs.objective),
    };
    const gradients = inputs.gradients.map((gradient) => this.#memory.bufferOf(gradient));
    const values = inputs.stateValues.map((value) => this.#memory.bufferOf(value));
    this.#memory.submit();
    const { device } = this.#memory;
    device.queue.writeBuffer(this.#settings, 0, settingsOf(this.#task.rule, inputs.settings));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    gradients.forEach((gradient, i) => {
      const partial = { buffer: this.#partial, offset: i * sumLanes * 4, size: sumLanes * 4 };
      this.#dispatch(pass, this.#squares, [gradient, partial], sumLanes);
    });
    this.#dispatch(pass, this.#decision, [this.#partial, buffers.objective, buffers.control], 1);
    this.#task.parameters.forEach(({ handle, moments, decay }, i) => {
      const own = [handle, ...moments].map((tensor) => this.#memory.bufferOf(tensor));
      const bindings = [this.#settings, buffers.control, gradients[i], ...own];
      this.#dispatch(pass, this.#rules[decay], bindings, sizeOf(handle.shape));
    });
    this.#task.states.forEach(({ handle }, i) => {
      const bindings = [buffers.control, values[i], this.#memory.bufferOf(handle)];
      this.#dispatch(pass, this.#state, bindings, sizeOf(handle.shape));
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    return control;
  }

  #dispatch(
    pass: GPUComputePassEncoder,
    computation: GPUComputePipeline,
    bindings: readonly (GPUBuffer | GPUBufferBinding)[],
    size: number,
  ): void {
    const entries = bindings.map((bound, binding) => ({
      binding,
      resource: bound instanceof GPUBuffer ? { buffer: bound } : bound,
    }));
    const layout = computation.getBindGroupLayout(0);
    pass.setPipeline(computation);
    pass.setBindGroup(0, this.#memory.device.createBindGroup({ layout, entries }));
    const groups = Math.ceil(size / 64);
    const across = Math.min(groups, 32768);
    pass.dispatchWorkgroups(across, Math.ceil(groups / across));
  }

  dispose(): void {
    this.#settings.destroy();
    this.#partial.destroy();
  }
}

function pipeline(device: GPUDevice, code: string): GPUComputePipeline {
  const module = device.createShaderModule({ code });
  return device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
}

function settingsOf(rule: OptimizerRule, { learningRate, step }: StepSettings): Float32Array<ArrayBuffer> {
  if (rule.kind === "sgd") return new Float32Array([learningRate, 0, 0, 0]);
  const [first, second] = [1 - rule.beta1 ** (step + 1), 1 - rule.beta2 ** (step + 1)];
  return new Float32Array([learningRate, learningRate / first, 1 / second, 0]);
}
