import assert from "node:assert/strict";
import { judgePermissions } from "../../../lib/selftest/permission_check.ts";
import { shellWords } from "../../../lib/selftest/program_starter.ts";

const holds = (command: string, ...flags: string[]) => judgePermissions({ command, flags }).holds;

Deno.test("judgePermissions() lets commands have files, ffmpeg, and 127.0.0.1 where pages are served", () => {
  assert.equal(holds("train data", "--allow-read=PROGRAM,data", "--allow-write=runs"), true);
  assert.equal(holds("prepare a", "--allow-read=PROGRAM", "--allow-run=ffmpeg,ffprobe"), true);
  assert.equal(holds("train data --port 8600", "--allow-read=PROGRAM", "--allow-net=127.0.0.1:8600"), true);
  assert.equal(holds("serve --runs runs", "--allow-read=PROGRAM", "--allow-net=127.0.0.1:8600"), true);
  assert.equal(holds("doctor", "--allow-read=PROGRAM", "--allow-sys=statfs"), true);
});

Deno.test("judgePermissions() finds whatever goes further, and names it", () => {
  const further = [
    "--allow-all",
    "-A",
    "--allow-read",
    "--allow-write",
    "--allow-read=/",
    "--allow-write=runs,/",
    "--allow-run",
    "--allow-run=ffmpeg,sh",
    "--allow-net",
    "--allow-net=127.0.0.1:8600",
    "--allow-net=example.org:443",
    "--allow-env",
    "--allow-env=PATH",
    "--allow-ffi=lib.so",
    "--allow-import=example.org",
  ];
  for (const flag of further) {
    const finding = judgePermissions({ command: "train data", flags: ["--allow-read=PROGRAM", flag] });
    assert.deepEqual([finding.holds, finding.found], [false, flag]);
  }
  assert.equal(holds("serve --runs runs", "--allow-net=0.0.0.0:8600"), false);
  assert.equal(holds("doctor"), false, "a command without any permission could not read itself");
});

Deno.test("shellWords() reads what a shell would", () => {
  assert.deepEqual(shellWords("'--allow-read=/a b' '--allow-write=/it'\\''s'\n"), [
    "--allow-read=/a b",
    "--allow-write=/it's",
  ]);
  assert.deepEqual(shellWords("\n"), []);
});
