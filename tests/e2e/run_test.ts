/** The script `run` with the real programs: it is replaced by Deno, so that signals arrive. @module */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/free_port.ts";

const run = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  Deno.test(`run serve ends on ${signal} with ${code}, by itself`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const port = freePort();
      const args = ["serve", "--runs", "runs", "--port", `${port}`];
      const child = new Deno.Command(run, { args, cwd: folder, stdout: "piped", stderr: "piped" }).spawn();
      const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert.equal((await output.read()).value, `dashboard at http://127.0.0.1:${port}\n`);
      child.kill(signal);
      const status = await child.status;
      assert.deepEqual([status.code, status.signal], [code, null]);
      const said = await new Response(child.stderr).text();
      assert.match(said, new RegExp(`Stopped by ${signal}\n$`));
      assert.doesNotMatch(
        said,
        /No such file/,
        "all sources of the dashboard are where the script looks for them",
      );
      await output.cancel();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("run takes less than three starts of the program once everything is there", async () => {
  // Beside the program's own start in the same minute: tests that run beside this one slow both.
  const took = async (program: string, ...args: string[]) => {
    const started = performance.now();
    const { code } = await new Deno.Command(program, { args }).output();
    assert.equal(code, 0);
    return performance.now() - started;
  };
  await took(run, "--version");
  const alone = [
    "run",
    "--no-prompt",
    "--cached-only",
    "--allow-all",
    join(dirname(run), "main.ts"),
    "--version",
  ];
  let [ours, bare] = [Infinity, Infinity];
  for (let i = 0; i < 5; i++) {
    ours = Math.min(ours, await took(run, "--version"));
    bare = Math.min(bare, await took(Deno.execPath(), ...alone));
  }
  assert.ok(ours < 3 * bare, `${ours.toFixed(0)} ms, beside ${bare.toFixed(0)} ms for the program alone`);
});
