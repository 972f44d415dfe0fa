/** What `./run release` and `deno task compile` make, from clean clones. @module */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const hasHistory = await Deno.stat(join(root, ".git")).then(() => true, () => false);
const isHere = Deno.build.target === "x86_64-unknown-linux-gnu";
const why = !hasHistory ? " (ignored: these sources have no history)" : "";
const files = ["CHANGES.md", "sonospeech-linux-x64", "sonospeech.spdx.json"];

async function run(program: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd, env, stdin: "null" })
    .output();
  return { success, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

async function succeed(...called: Parameters<typeof run>): Promise<string> {
  const { success, stdout, stderr } = await run(...called);
  assert.ok(success, stdout + stderr);
  return stdout;
}

/** Makes a release from a clean clone of the newest commit and returns the clone. */
async function releaseFrom(clone: string): Promise<string> {
  const source = ["-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", root, clone];
  await succeed("git", source, "/");
  // The Deno that runs the tests need not be on the PATH.
  const env = { PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` };
  await succeed(join(clone, "run"), ["release"], "/", env);
  return clone;
}

Deno.test({
  name: `release has the same bytes from two clones of one commit, and its sums are right${why}`,
  ignore: !hasHistory || !isHere,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const first = await releaseFrom(join(folder, "one"));
      const second = await releaseFrom(join(folder, "a longer path, with blanks/two"));
      for (const file of [...files, "SHA256SUMS"]) {
        const [a, b] = [first, second].map((clone) => Deno.readFileSync(join(clone, "dist", file)));
        assert.ok(Buffer.from(a).equals(Buffer.from(b)), `${file} must have the same bytes`);
      }
      await succeed("sha256sum", ["--check", "--strict", "SHA256SUMS"], join(first, "dist"));
      const sums = await Deno.readTextFile(join(first, "dist/SHA256SUMS"));
      assert.deepEqual(sums.match(/\S+$/gm)!.sort(), files);
      assert.match(await Deno.readTextFile(join(first, "dist/CHANGES.md")), /^## \S+\n\n/);
      const bill = JSON.parse(await Deno.readTextFile(join(first, "dist/sonospeech.spdx.json")));
      const committed = await succeed("git", ["-c", "safe.directory=*", "log", "-1", "--format=%ct"], first);
      assert.equal(Date.parse(bill.creationInfo.created), 1000 * Number(committed));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "compile embeds everything, and leaves nothing where DENORT_BIN is another program",
  ignore: !isHere,
  fn: async () => {
    const env = { DENORT_BIN: Deno.execPath(), NO_COLOR: "1" };
    const { success, stderr } = await run(Deno.execPath(), ["task", "compile"], root, env);
    assert.equal(success, false);
    // Only after everything was embedded does the file turn out not to be ours.
    assert.match(
      stderr,
      /^Cannot compile for x86_64-unknown-linux-gnu: DENORT_BIN must name denort .* not another/m,
    );
    for (const target of ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"]) {
      assert.match(stderr, new RegExp(`^Cannot compile for ${target}: `, "m"));
    }
    assert.deepEqual([...Deno.readDirSync(join(root, "dist/compiled"))], []);
  },
});
