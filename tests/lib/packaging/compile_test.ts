import assert from "node:assert/strict";
import { failureOf, targetOf } from "../../../lib/packaging/compile.ts";

/** The head of an executable: bytes at their places. */
function head(...parts: [offset: number, ...bytes: number[]][]): Uint8Array {
  const bytes = new Uint8Array(256);
  for (const [offset, ...values] of parts) bytes.set(values, offset);
  return bytes;
}

Deno.test("targetOf() tells executables of every target apart", () => {
  const elf = [0, 0x7f, 0x45, 0x4c, 0x46] as [number, ...number[]];
  const mach = [0, 0xcf, 0xfa, 0xed, 0xfe] as [number, ...number[]];
  const pe = [[0, 0x4d, 0x5a], [60, 0x80]] as [number, ...number[]][];
  assert.equal(targetOf(head(elf, [18, 0x3e])), "x86_64-unknown-linux-gnu");
  assert.equal(targetOf(head(elf, [18, 0xb7])), "aarch64-unknown-linux-gnu");
  assert.equal(targetOf(head(mach, [4, 7, 0, 0, 1])), "x86_64-apple-darwin");
  assert.equal(targetOf(head(mach, [4, 12, 0, 0, 1])), "aarch64-apple-darwin");
  assert.equal(targetOf(head(...pe, [0x84, 0x64, 0x86])), "x86_64-pc-windows-msvc");
  assert.equal(targetOf(head(...pe, [0x84, 0x64, 0xaa])), "aarch64-pc-windows-msvc");
});

Deno.test("targetOf() knows the program that runs this, and takes nothing else for one", async () => {
  using file = await Deno.open(Deno.execPath());
  const bytes = new Uint8Array(4096);
  await file.read(bytes);
  assert.equal(targetOf(bytes), Deno.build.target);
  for (
    const other of [new Uint8Array(0), new Uint8Array(256), head([0, 0x4d, 0x5a], [60, 0xff, 0xff, 0xff])]
  ) {
    assert.equal(targetOf(other), null);
  }
});

Deno.test("failureOf() names denort where that is what is missing, and hides no other trouble", () => {
  const missing = failureOf(
    "x86_64-apple-darwin",
    "error: client error\n  https://dl.deno.land/release/denort.zip",
  );
  assert.match(missing, /must be able to download denort.*\nerror: client error[\s\S]*\nHint: name a denort/);
  const other = failureOf(
    "x86_64-apple-darwin",
    "\x1b[31merror\x1b[0m: SyntaxError in x.js\nStack backtrace:\n 0: y",
  );
  assert.equal(other, "Cannot compile for x86_64-apple-darwin: error: SyntaxError in x.js");
});
