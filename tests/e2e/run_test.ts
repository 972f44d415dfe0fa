/** The script `run` with the real programs: it is replaced by Deno, so that signals arrive. @module */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const run = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

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
      assert.match(await new Response(child.stderr).text(), new RegExp(`Stopped by ${signal}\n$`));
      await output.cancel();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("run needs less than a second of set-up once everything is there", async () => {
  const command = () => new Deno.Command(run, { args: ["--version"] }).output();
  assert.equal((await command()).code, 0);
  const started = performance.now();
  await command();
  assert.ok(performance.now() - started < 1000, `it took ${(performance.now() - started).toFixed(0)} ms`);
});
