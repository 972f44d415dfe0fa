import assert from "node:assert/strict";
import { commandBlocks } from "./command_blocks.ts";

Deno.test("commandBlocks() finds commands, joins continued ones and reads the comments before them", () => {
  const markdown = [
    "Text.",
    "",
    "```sh",
    "# only a remark",
    "./run one \\",
    "  --two",
    "./run three # said beside",
    "```",
    "",
    "<!-- tested by: tests/e2e/whole_test.ts -->",
    "",
    "```sh",
    "./run demo",
    "```",
    "",
    "```text",
    "not a command",
    "```",
    "",
    "<!-- not run: needs a hospital -->",
    "",
    "```sh",
    "./run away",
    "```",
  ].join("\n");
  assert.deepEqual(commandBlocks(markdown), [
    { line: 3, commands: ["./run one --two", "./run three # said beside"], testedBy: null, notRun: null },
    { line: 12, commands: ["./run demo"], testedBy: "tests/e2e/whole_test.ts", notRun: null },
    { line: 22, commands: ["./run away"], testedBy: null, notRun: "needs a hospital" },
  ]);
});
