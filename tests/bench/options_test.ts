import assert from "node:assert/strict";
import { SonospeechError } from "../../lib/errors.ts";
import { parseBenchOptions } from "./options.ts";

const parts = [{ name: "steps", title: "milliseconds per step", isDefault: true }, {
  name: "soak",
  title: "memory",
  isDefault: false,
}];

function parse(...words: string[]) {
  const line = parseBenchOptions(words, parts);
  assert.ok("options" in line);
  return line.options;
}

Deno.test("parseBenchOptions() measures S and tiny when nothing is asked for", () => {
  const { models, only, json, write, batch } = parse();
  assert.deepEqual([models, only, json, write, batch], [["S", "tiny"], undefined, false, false, undefined]);
});

Deno.test("parseBenchOptions() reads every kind of option", () => {
  const options = parse(
    ...["--model", "S,paper", "--only", "soak", "--json", "--batch", "64", "--engines", "wasm,torch"],
    ...["--peer", "torch", "--read-every", "16", "--soak-steps", "100"],
  );
  assert.deepEqual(options.models, ["S", "paper"]);
  assert.deepEqual(options.only, ["soak"]);
  assert.deepEqual(options.engines, ["wasm", "torch"]);
  assert.deepEqual([options.json, options.batch, options.readEvery], [true, 64, 16]);
  assert.deepEqual([options.peer, options.soakSteps], ["torch", 100]);
});

Deno.test("parseBenchOptions() refuses what it does not know, naming what is near", () => {
  const cases: [string[], RegExp, RegExp][] = [
    [["--only", "soke"], /--only must name steps, soak, received "soke"/, /did you mean "soak"/],
    [["--model", "smal"], /--model must name S, P, tiny, small, paper, received "smal"/, /"small"/],
    [["--engines", "wasm,webgl"], /--engines must name/, /"webgpu"/],
    [["--batch", "0"], /a whole number from 1/, /--help/],
    [["--modell", "S"], /unknown option '--modell'/, /--help/],
  ];
  for (const [words, message, hint] of cases) {
    assert.throws(() => parseBenchOptions(words, parts), (error) => {
      assert.ok(error instanceof SonospeechError && error.code === "usage");
      assert.match(error.message, message);
      assert.match(error.hint!, hint);
      return true;
    });
  }
});

Deno.test("parseBenchOptions() prints help with the parts, those of every run marked", () => {
  const line = parseBenchOptions(["--help"], parts);
  assert.ok("help" in line);
  assert.match(line.help, /^ {2}\* steps +milliseconds per step$/m);
  assert.match(line.help, /^ {4}soak +memory$/m);
});
