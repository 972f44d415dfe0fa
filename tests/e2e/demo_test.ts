/**
 * The demo as a new user starts it, with a short training.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../helpers/free_port.ts";

const script = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

Deno.test("demo makes scans, trains while it shows that, and prints retrieval beside chance", async () => {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  const words = [
    "--exit",
    "--out",
    "demo",
    "--port",
    `${port}`,
    "--subjects",
    "16",
    "--set",
    "training.epochs=2",
  ];
  const child = new Deno.Command(script, {
    args: ["demo", ...words],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Response(child.stdout).text();
  let said = "";
  let runs: { name: string; state: string }[] = [];
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (runs.length > 0 || !/train \d+\/\d+ steps/.test(said)) continue;
    const answer = await fetch(`http://127.0.0.1:${port}/api/runs`);
    runs = (await answer.json()).runs;
  }
  assert.equal((await child.status).code, 0, said);
  assert.deepEqual(runs.map(({ state }) => state), ["running"]);
  const table = await stdout;
  assert.match(table, /video → speech +\d/);
  assert.match(table, /chance +\d/);
  await Deno.remove(folder, { recursive: true });
});
