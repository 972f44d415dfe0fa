/**
 * A small assembler for WebAssembly with 128-bit vectors: instructions are arrays of bytes that functions compose.
 *
 * An expression leaves one value on the stack, a statement none; the functions' names follow the instructions'.
 * Addresses and offsets are in bytes. Every function of a module takes 32-bit integers and returns nothing; the
 * memory is imported and shared.
 *
 * @see WebAssembly Core Specification 3.0, chapter 5 (binary format).
 * @module
 */

/** Instructions. */
export type Code = readonly number[];

/** A parameter or variable of a function. */
export interface Local {
  readonly index: number;
}

const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;

/** An unsigned number in LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const low = value & 0x7f;
    value >>>= 7;
    bytes.push(value === 0 ? low : low | 0x80);
  } while (value !== 0);
  return bytes;
}

/** A signed 32-bit number in LEB128. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const isLast = (value === 0 && (low & 0x40) === 0) || (value === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** A vector instruction's opcode. */
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

const unary = (opcode: readonly number[]) => (a: Code): Code => [...a, ...opcode];
const binary = (opcode: readonly number[]) => (a: Code, b: Code): Code => [...a, ...b, ...opcode];

/** The value of a variable. */
export const get = ({ index }: Local): Code => [0x20, ...unsigned(index)];
/** Sets a variable. */
export const set = ({ index }: Local, value: Code): Code => [...value, 0x21, ...unsigned(index)];
/** Statements one after another. */
export const sequence = (...parts: readonly Code[]): Code => parts.flat();

/** 32-bit integers. */
export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: binary([0x6a]),
  subtract: binary([0x6b]),
  multiply: binary([0x6c]),
  divide: binary([0x6e]),
  remainder: binary([0x70]),
  lessThan: binary([0x49]),
  atLeast: binary([0x4f]),
  equals: binary([0x46]),
  differs: binary([0x47]),
  splat: unary(simd(0x11)),
  /** The smaller one; both are computed twice. */
  minimum: (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, 0x49, 0x1b],
};

/** A value plus a constant; nothing is added for 0. */
export const plus = (a: Code, bytes: number): Code => bytes === 0 ? a : i32.add(a, i32.constant(bytes));
/** A value times a constant. */
export const times = (a: Code, factor: number): Code =>
  factor === 1 ? a : i32.multiply(a, i32.constant(factor));
/** Advances a variable. */
export const advance = (local: Local, bytes: number): Code => set(local, plus(get(local), bytes));

const access = (opcode: readonly number[], alignment: number) => (address: Code, offset = 0): Code => [
  ...address,
  ...opcode,
  alignment,
  ...unsigned(offset),
];
const store =
  (opcode: readonly number[], alignment: number) => (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    ...opcode,
    alignment,
    ...unsigned(offset),
  ];
const storeLane =
  (opcode: number, alignment: number) => (address: Code, value: Code, lane: number, offset = 0): Code => [
    ...address,
    ...value,
    ...simd(opcode),
    alignment,
    ...unsigned(offset),
    lane,
  ];

/** Single numbers of 32 bits. */
export const f32 = {
  load: access([0x2a], 2),
  store: store([0x38], 2),
};

/** Single numbers of 64 bits. */
export const f64 = {
  load: access([0x2b], 3),
  store: store([0x39], 3),
};

/** Vectors of any content. */
export const v128 = {
  load: access(simd(0x00), 2),
  load32Splat: access(simd(0x09), 2),
  load32Zero: access(simd(0x5c), 2),
  store: store(simd(0x0b), 2),
  store32Lane: storeLane(0x5a, 2),
  store64Lane: storeLane(0x5b, 2),
  zero: [...simd(0x0c), ...new Array<number>(16).fill(0)] as Code,
  ones: [...simd(0x0c), ...new Array<number>(16).fill(0xff)] as Code,
  and: binary(simd(0x4e)),
  /** The bits of `a` that `b` does not have. */
  andNot: binary(simd(0x4f)),
};

/** Vectors of four 32-bit numbers. */
export const f32x4 = {
  splat: (value: number): Code => {
    const bytes = [...new Uint8Array(Float32Array.of(value).buffer)];
    return [...simd(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
  },
  sqrt: unary(simd(0xe3)),
  add: binary(simd(0xe4)),
  subtract: binary(simd(0xe5)),
  multiply: binary(simd(0xe6)),
  divide: binary(simd(0xe7)),
  /** `a < b ? b : a`: NaN in `a` stays. */
  pmax: binary(simd(0xeb)),
  equal: binary(simd(0x41)),
  greaterThan: binary(simd(0x44)),
  /** `a · b + c`, rounded once where the processor can. */
  multiplyAdd: (a: Code, b: Code, c: Code): Code => [...a, ...b, ...c, ...simd(0x105)],
};

/** Vectors of two 64-bit numbers. */
export const f64x2 = {
  zero: v128.zero,
  add: binary(simd(0xf0)),
  multiply: binary(simd(0xf2)),
  /** Four 32-bit numbers of the two of `low` and the two of `high`. */
  demote: (low: Code, high: Code): Code => [
    ...low,
    ...simd(0x5e),
    ...high,
    ...simd(0x5e),
    ...simd(0x0d),
    ...[0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
  ],
  /** The lower two of four 32-bit numbers. */
  promoteLow: unary(simd(0x5f)),
  /** The upper two of four 32-bit numbers. */
  promoteHigh: (a: Local): Code => [
    ...get(a),
    ...get(a),
    ...simd(0x0d),
    ...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15],
    ...simd(0x5f),
  ],
};

/** Runs `body` where the condition holds. */
export const when = (condition: Code, body: Code): Code => [...condition, 0x04, 0x40, ...body, 0x0b];

/** Runs `body`, then again as long as the condition after it holds. */
export const repeatWhile = (body: Code, condition: Code): Code => [
  ...[0x03, 0x40],
  ...body,
  ...condition,
  ...[0x0d, 0x00, 0x0b],
];

/** Runs `body` as long as the condition before it holds. */
export const loopWhile = (condition: Code, body: Code): Code => when(condition, repeatWhile(body, condition));

/** Runs the one or the other. */
export const either = (condition: Code, body: Code, otherwise: Code): Code => [
  ...condition,
  ...[0x04, 0x40],
  ...body,
  0x05,
  ...otherwise,
  0x0b,
];

/** Counts a variable from `start` to below `end`, which `body` must leave as it is. */
export function count(local: Local, start: Code, end: Code, body: Code, step = 1): Code {
  return sequence(
    set(local, start),
    loopWhile(i32.lessThan(get(local), end), sequence(body, advance(local, step))),
  );
}

/** A function under construction: its parameters, and the variables that its code asks for. */
export class FunctionBuilder {
  /** 32-bit integers. */
  readonly parameters: readonly Local[];
  readonly #types: number[] = [];
  #body: Code = [];

  constructor(parameterCount: number) {
    this.parameters = Array.from({ length: parameterCount }, (_, index) => ({ index }));
  }

  /** A new variable. */
  local(type: keyof typeof valueTypes = "i32"): Local {
    return { index: this.parameters.length + this.#types.push(valueTypes[type]) - 1 };
  }

  /** New variables. */
  locals(type: keyof typeof valueTypes, count: number): Local[] {
    return Array.from({ length: count }, () => this.local(type));
  }

  /** Sets what the function does. */
  body(...statements: readonly Code[]): this {
    this.#body = sequence(...statements);
    return this;
  }

  /** Its entry in a module's code section. */
  encode(): number[] {
    const variables = this.#types.map((type) => [1, type]);
    const bytes = [...unsigned(variables.length), ...variables.flat(), ...this.#body, 0x0b];
    return [...unsigned(bytes.length), ...bytes];
  }
}

const encodeName = (name: string): number[] => {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
};

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  const bytes = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(bytes.length), ...bytes];
}

/** Most pages of 64 KiB that a memory may have: 4 GiB. */
export const largestMemoryPages = 65536;

/** A module of one function, which it exports as `run`; it imports the shared memory as `env.memory`. */
export function encodeModule(f: FunctionBuilder): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...unsigned(f.parameters.length), ...f.parameters.map(() => valueTypes.i32), 0];
  const memory = [...encodeName("env"), ...encodeName("memory"), 2, 3, 0, ...unsigned(largestMemoryPages)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [type]),
    ...section(2, [memory]),
    ...section(3, [[0]]),
    ...section(7, [[...encodeName("run"), 0, 0]]),
    ...section(10, [f.encode()]),
  ]);
}
