import assert from "node:assert/strict";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { WasmEngine } from "../../../lib/tensor/executors/wasm_engine.ts";
import { count, FunctionBuilder, get, i32, times, v128 } from "../../../lib/tensor/kernels/wasm_assembler.ts";
import { benchModel } from "../../bench/bench_models.ts";

/** `(first, last, out, value)`: sets the vectors `first` to `last` of `out` to four times `value`. */
function fillVectors(): FunctionBuilder {
  const f = new FunctionBuilder(4);
  const [first, last, out, value] = f.parameters;
  const unit = f.local();
  const at = i32.add(get(out), times(get(unit), 16));
  return f.body(count(unit, get(first), get(last), v128.store(at, i32.splat(get(value)))));
}

/** A job whose first chunk on the caller's thread ends only when another thread has done one. */
function runWithHelp(engine: WasmEngine, key: string, value: number): Int32Array {
  const vectors = 8;
  const out = engine.memory.allocate([4 * vectors]);
  const address = engine.memory.addressOf(out);
  const result = new Int32Array(engine.memory.memory.buffer, address, 4 * vectors);
  result.fill(0);
  const { shared, call } = engine.kernel(key, fillVectors);
  const waiting = (first: number, last: number, ...rest: number[]) => {
    const end = performance.now() + 20_000;
    while (result.every((x) => x === 0) && performance.now() < end) Atomics.load(result, 0);
    assert(result.some((x) => x !== 0), "another thread must take part");
    call(first, last, ...rest);
  };
  engine.run({ shared, call: waiting }, { units: vectors, cost: 1e6 }, address, value);
  engine.memory.release(out);
  return result;
}

Deno.test("WasmEngine.run() shares a job out among threads and returns when all of it is done", () => {
  const engine = new WasmEngine(2);
  for (let value = 1; value < 50; value++) {
    assert.deepEqual([...new Set(runWithHelp(engine, "one", value))], [value]);
  }
  engine.close();
});

Deno.test("WasmEngine's threads see memory and kernels that came after them", () => {
  const engine = new WasmEngine(2);
  runWithHelp(engine, "early", 1);
  const large = engine.memory.allocate([20 << 20]);
  const small = Array.from({ length: 1000 }, () => engine.memory.allocate([4096]));
  assert.deepEqual([...new Set(runWithHelp(engine, "late", 7))], [7]);
  assert(engine.memory.addressOf(small[999]) > 16 << 20, "the memory must have grown");
  engine.memory.release(large);
  engine.close();
});

Deno.test("WasmEngine's threads find kernels beyond 2 GiB, where addresses have their highest bit", () => {
  const engine = new WasmEngine(2);
  const large = engine.memory.allocate([560 << 20]); // nothing is written to it, so that no system gives it memory
  assert(engine.kernel("far", fillVectors).shared.codeAddress > 2 ** 31);
  assert.deepEqual([...new Set(runWithHelp(engine, "far", 7))], [7]);
  engine.memory.release(large);
  engine.close();
});

Deno.test("WasmEngine.run() says that a thread failed instead of waiting for it, and goes on without it", () => {
  const engine = new WasmEngine(2);
  const { shared, call } = engine.kernel("sound", fillVectors);
  runWithHelp(engine, "sound", 1);
  const out = engine.memory.allocate([32]);
  const slow = (...job: Parameters<typeof call>) => {
    for (const end = performance.now() + 300; performance.now() < end;);
    call(...job);
  };
  const broken = { shared: { ...shared, index: 7, codeBytes: 4 }, call: slow };
  const run = (kernel: typeof broken) =>
    engine.run(kernel, { units: 8, cost: 1e6 }, engine.memory.addressOf(out), 3);
  assert.throws(() => run(broken), { code: "device", message: /every thread must be able to do its part/ });
  run({ shared, call });
  assert.deepEqual([...new Set(new Int32Array(engine.memory.view(out).slice().buffer))], [3]);
  engine.close();
});

Deno.test("wasm trains to the same bits on one, two and three threads", async () => {
  const { graph, parameters, batches } = benchModel({ name: "S", batch: 8, size: 32 });
  const states = [];
  for (const threads of [1, 2, 3]) {
    const executor = await createExecutor("wasm", { threads });
    assert.equal(executor.device.name, `WebAssembly, ${threads} thread${threads > 1 ? "s" : ""}`);
    const program = await executor.compileTraining(graph, parameters);
    for (let step = 0; step < 6; step++) await program.step(batches[step % 4], { learningRate: 1e-2, step });
    states.push(await program.readState());
    await executor.dispose();
  }
  assert.deepEqual(states[1], states[0]);
  assert.deepEqual(states[2], states[0]);
});

Deno.test("createExecutor() lets the process end though threads wait for work", async () => {
  const device = new URL("../../../lib/tensor/device.ts", import.meta.url).href;
  const script = `
    import { createExecutor, measureGigaflops } from "${device}";
    const speed = await measureGigaflops(await createExecutor("wasm", { threads: 3 }), 64);
    console.log(speed > 0);
  `;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    cwd: new URL("../../..", import.meta.url),
    signal: AbortSignal.timeout(30_000),
  });
  const { stdout, code } = await process.output();
  assert.equal(new TextDecoder().decode(stdout), "true\n");
  assert.equal(code, 0);
});

Deno.test("createExecutor() refuses a number of threads that is none, and says what threads need", async () => {
  for (const threads of [0, 1.5, -1]) {
    await assert.rejects(
      () => createExecutor("wasm", { threads }),
      /threads must be a whole number from 1 on/,
    );
  }
  const device = new URL("../../../lib/tensor/device.ts", import.meta.url).href;
  const script = `
    import { createExecutor } from "${device}";
    await createExecutor("wasm", { threads: 2 }).catch((error) => console.log(error.message));
  `;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "-"], // unlike "eval", it allows nothing
    cwd: new URL("../../..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await new Blob([script]).stream().pipeTo(process.stdin);
  assert.match(
    new TextDecoder().decode((await process.output()).stdout),
    /^Cannot start the threads of the WebAssembly executor: the program must be allowed to read its own files/,
  );
});
