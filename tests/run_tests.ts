/**
 * Runs the tests, set by set, and ends with one line that sums them up: `./run test [fast|slow|examples]…`.
 *
 * A test is slow when it lies in `tests/e2e/` or its file's name ends in `_slow_test.ts`; examples are those in the
 * comments of the public API and of `lib/`.
 *
 * @module
 */

const permissions = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
  "--allow-net=127.0.0.1,localhost",
];

async function findTests(directory: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    if (isDirectory) found.push(...await findTests(path));
    else if (/_test\.tsx?$/.test(name)) found.push(path);
  }
  return found.sort();
}

/** What `deno test` counted. */
interface Tally {
  passed: number;
  failed: number;
  ignored: number;
}

/** Reads the last summary line of `deno test`; a run that failed, or ended without one, has at least one failure. */
export function readTally(output: string, success: boolean): Tally {
  const line = output.split("\n").findLast((text) => /\d+ passed.*\| \d+ failed/.test(text));
  if (line === undefined) return { passed: 0, failed: 1, ignored: 0 };
  const count = (what: string) => Number(line.match(new RegExp(`(\\d+) ${what}`))?.[1] ?? 0);
  const tally = { passed: count("passed"), failed: count("failed"), ignored: count("ignored") };
  if (!success && tally.failed === 0) tally.failed = 1;
  return tally;
}

/** Runs `deno test` with the arguments, showing its output as it comes. */
async function runSet(args: readonly string[]): Promise<Tally> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  });
  const child = command.spawn();
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    Deno.stdout.writeSync(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  return readTally(output, (await child.status).success);
}

async function main(wanted: readonly string[]): Promise<number> {
  const files = await findTests("tests");
  const isSlow = (file: string) => file.startsWith("tests/e2e/") || /_slow_test\.tsx?$/.test(file);
  const sets: Record<string, string[]> = {
    fast: ["--parallel", ...permissions, ...files.filter((file) => !isSlow(file))],
    examples: ["--doc", ...permissions, "mod.ts", "lib"],
    // Playwright looks below /proc, which Deno allows only with everything.
    slow: ["--parallel", "--allow-all", ...files.filter(isSlow)],
  };
  const unknown = wanted.find((name) => !Object.hasOwn(sets, name));
  if (unknown !== undefined) {
    console.error(
      `Cannot run the tests: a set must be one of ${Object.keys(sets).join(", ")}, received "${unknown}"`,
    );
    return 2;
  }
  const total: Tally = { passed: 0, failed: 0, ignored: 0 };
  for (const [name, args] of Object.entries(sets)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n== ${name} tests`);
    const tally = await runSet(args);
    for (const key of ["passed", "failed", "ignored"] as const) total[key] += tally[key];
  }
  if (total.ignored > 0) console.log(`${total.ignored} skipped, named above`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
