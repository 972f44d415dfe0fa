import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import type { AppPaths } from "../../../lib/app_paths.ts";
import { header } from "../../../lib/packaging/pack.ts";
import { writeSums } from "../../../lib/packaging/notices.ts";
import { checkContents } from "../../../lib/selftest/contents_check.ts";
import { outcomeOf } from "../../../lib/selftest/security_check.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bill = (license: string) =>
  JSON.stringify({
    packages: [
      { name: "sonospeech", versionInfo: "0.1.0", licenseDeclared: "MIT" },
      { name: "deno", versionInfo: "2.9.6", licenseDeclared: "MIT" },
      { name: "hono", versionInfo: "4", licenseDeclared: license },
    ],
  });

/** A program as it lies unpacked, with the packed file that it came from. */
async function withProgram(
  test: (place: { app: AppPaths; root: string; executable: string }) => Promise<void>,
  license = "MIT",
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const payload = new TextEncoder().encode("archive\nof\nfiles");
    const digest = sha256(payload);
    const home = `${folder}/${digest.slice(0, 16)}`;
    const root = `${home}/app`;
    await Deno.mkdir(`${root}/static`, { recursive: true });
    await Deno.writeTextFile(`${home}/deno`, "deno");
    await Deno.writeTextFile(`${root}/main.js`, "main");
    await Deno.writeTextFile(`${root}/static/style.css`, "style");
    await Deno.writeTextFile(`${root}/sbom.spdx.json`, bill(license));
    await writeSums(root, [`${home}/deno`]);
    const script = header(digest, header(digest, "N").split("\n").length);
    const executable = `${folder}/packed`;
    await Deno.writeFile(executable, new Blob([script, payload]).stream());
    await test({ app: { isPacked: true, root, staticDirectory: `${root}/static` }, root, executable });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("checkContents() passes what is as it was packed, with its parts and its sum", () =>
  withProgram(async ({ app, executable }) => {
    const { check, parts, executableSha256 } = await checkContents(app, executable, "2.9.6");
    assert.equal(outcomeOf(check), "passed", JSON.stringify(check.findings));
    assert.deepEqual(parts[2], { name: "hono", version: "4", license: "MIT" });
    assert.equal(executableSha256, sha256(await Deno.readFile(executable)));
  }));

Deno.test("checkContents() finds files that were changed, added or removed, and another Deno", () =>
  withProgram(async ({ app, root }) => {
    const found = async () => (await checkContents(app, undefined, "2.9.6")).check.findings[0];
    for (const path of ["main.js", "static/style.css", "../deno"]) {
      const text = await Deno.readTextFile(`${root}/${path}`);
      await Deno.writeTextFile(`${root}/${path}`, `${text}!`);
      assert.deepEqual([(await found()).holds, (await found()).found], [false, `${path} was changed`]);
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    assert.equal((await found()).holds, true);
    await Deno.writeTextFile(`${root}/static/more.js`, "");
    assert.equal((await found()).found, "static/more.js was added");
    await Deno.remove(`${root}/static/more.js`);
    await Deno.remove(`${root}/main.js`);
    assert.equal((await found()).found, "main.js was changed");
    const { check } = await checkContents(app, undefined, "2.9.7");
    assert.equal(check.findings.find(({ what }) => what === "the Deno that runs")?.holds, false);
  }));

Deno.test("checkContents() finds a part without a licence", () =>
  withProgram(async ({ app }) => {
    const { check } = await checkContents(app, undefined, "2.9.6");
    assert.equal(check.findings[1].found, "hono");
    assert.equal(outcomeOf(check), "failed");
  }, "NOASSERTION"));

Deno.test("checkContents() finds a packed file that was changed, is another one, or none", () =>
  withProgram(async ({ app, root, executable }) => {
    const found = async () => (await checkContents(app, executable, "2.9.6")).check.findings.at(-1)!;
    const bytes = await Deno.readFile(executable);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(executable, bytes);
    assert.match((await found()).found, /^another sum/);
    bytes[bytes.length - 1] ^= 1;
    await Deno.writeFile(executable, bytes);
    assert.equal((await found()).holds, true);
    const other = { ...app, root: root.replace(/[0-9a-f]{16}\/app$/, "another/app") };
    await Deno.rename(dirname(root), dirname(other.root));
    const { check } = await checkContents(other, executable, "2.9.6");
    assert.equal(check.findings.at(-1)!.found, "another folder");
    await Deno.writeTextFile(executable, "#!/bin/sh\n");
    assert.match((await found()).found, /not one of ours/);
  }));

Deno.test("checkContents() vouches for nothing from source", async () => {
  const { check } = await checkContents({ isPacked: false, root: "/src", staticDirectory: "" }, undefined);
  assert.equal(outcomeOf(check), "not made");
});
