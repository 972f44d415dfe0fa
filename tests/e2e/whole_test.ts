/**
 * Everything once, as a user does it: scans, preparing, training that is stopped and goes on, evaluating, the page.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { freePort } from "../helpers/free_port.ts";

const script = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "run");

const settings = ["data.batchSize=8", "training.epochs=4", "training.evaluateEveryEpochs=2"]
  .flatMap((setting) => ["--set", setting]);

function start(cwd: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(script, { args, cwd, stdout: "piped", stderr: "piped" }).spawn();
}

async function run(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await start(cwd, ...args).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, `${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** Trains with one JSON line an event; ends it with SIGTERM after the given step. */
async function trainUntil(cwd: string, folder: string, lastStep: number): Promise<number> {
  const child = start(cwd, "train", "dataset", "--run", folder, ...settings, "--json");
  const stderr = new Response(child.stderr).text();
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    const events = lines.map((line) => JSON.parse(line));
    if (events.some((event) => event.kind === "step" && event.step === lastStep)) child.kill("SIGTERM");
  }
  await stderr;
  return (await child.status).code;
}

function lossesOf(folder: string): (number | null)[] {
  const store = MetricStore.open(join(folder, "metrics.sqlite"), { readOnly: true });
  try {
    return store.series("loss.total").values;
  } finally {
    store.close();
  }
}

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function seePage(cwd: string, executable: string): Promise<void> {
  const port = freePort();
  const server = start(cwd, "serve", "--runs", "runs", "--port", String(port));
  const stderr = new Response(server.stderr).text();
  const stdout = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const browser = await launchBrowser(executable);
  try {
    assert.match((await stdout.read()).value!, /dashboard at/);
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.getByRole("link", { name: /stopped/ }).click();
    await page.getByRole("heading", { name: "stopped" }).waitFor();
    await page.getByText("Step 24 of 24 · epoch").waitFor();
    await page.locator("figure.chart canvas").first().waitFor();
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    server.kill("SIGTERM");
    await Promise.all([server.status, stderr, stdout.cancel()]);
  }
}

/** What other subjects' data says of the run is kept apart from what its own data says. */
async function evaluateElsewhere(cwd: string, own: readonly string[]): Promise<void> {
  const few = ["--subjects", "3", "--seconds", "20", "--frame-rate", "8"];
  await run(cwd, "phantom", "--out", "others", "--seed", "2", ...few);
  await Deno.writeTextFile(
    `${cwd}/others/manifest.csv`,
    (await Deno.readTextFile(`${cwd}/others/manifest.csv`)).replaceAll(/,s(\d{4}),/g, ",other$1,"),
  );
  await run(cwd, "prepare", "others", "--out", "elsewhere");
  await run(cwd, "evaluate", "runs/stopped", "elsewhere");
  const folder = `${cwd}/runs/stopped`;
  assert.deepEqual(
    [...Deno.readDirSync(`${folder}/evaluations`)].map(({ name }) => name).sort(),
    own.toSorted(),
  );
  const [dataset, ...more] = [...Deno.readDirSync(`${folder}/evaluations_elsewhere`)].map(({ name }) => name);
  assert.deepEqual(more, []);
  // Of which step is the best checkpoint's affair: that of the first epoch's end or of the last's.
  const found = [...Deno.readDirSync(`${folder}/evaluations_elsewhere/${dataset}`)].map(({ name }) => name);
  assert.deepEqual(found, own.filter((name) => name.startsWith("test-")));
  const report = `${folder}/evaluations_elsewhere/${dataset}/${found[0]}/report.json`;
  assert.equal(JSON.parse(await Deno.readTextFile(report)).split, "test");
}

const browser = findBrowser();

Deno.test({
  name: "scans become a dataset, a run that goes on where it was stopped, an evaluation and a page" +
    (browser ? "" : " (ignored: no Chromium on this machine)"),
  ignore: browser === null,
  fn: () =>
    withFolder(async (folder) => {
      await run(
        folder,
        "phantom",
        "--out",
        "scans",
        "--subjects",
        "8",
        "--seconds",
        "20",
        "--frame-rate",
        "8",
      );
      const summary = await run(folder, "prepare", "scans", "--out", "dataset");
      assert.match(summary, /scans +8\nwindows +80 /);

      await run(folder, "train", "dataset", "--run", "runs/whole", ...settings);
      assert.equal(await trainUntil(folder, "runs/stopped", 3), 143);
      assert.equal(await trainUntil(folder, "runs/stopped", 14), 143);
      assert.equal(await trainUntil(folder, "runs/stopped", Infinity), 0);
      const whole = lossesOf(`${folder}/runs/whole`);
      assert.equal(whole.length, 24);
      assert.ok(whole.every((loss) => loss !== null && loss > 0));
      assert.deepEqual(lossesOf(`${folder}/runs/stopped`), whole);

      const report = JSON.parse(await run(folder, "evaluate", "runs/stopped", "dataset", "--json"));
      assert.equal(report.split, "test");
      assert.ok(report.voicedWindows >= 2 && report.subjects >= 1);
      const evaluated = [...Deno.readDirSync(`${folder}/runs/stopped/evaluations`)].map(({ name }) => name);
      assert.equal(evaluated.filter((name) => name.startsWith("validation-")).length, 2);
      assert.equal(evaluated.filter((name) => name.startsWith("test-")).length, 1);

      await evaluateElsewhere(folder, evaluated);
      await seePage(folder, browser!);
    }),
});
