import assert from "node:assert/strict";
import { packageFolders, readPackage } from "../../../lib/packaging/bundled_packages.ts";

const digest = new Uint8Array(64).fill(1);
const lock = JSON.stringify({
  npm: { "thing@1.2.3_peer@4.0.0": { integrity: `sha512-${digest.toBase64()}` }, "bare@1.0.0": {} },
});

/** A package in a folder of its own. */
async function withPackage(
  files: Record<string, string>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const about = (license?: string, name = "thing", version = "1.2.3") =>
  JSON.stringify({ name, version, license });

Deno.test("packageFolders() reads the bundler's remarks, each package once", () => {
  const script = `// main.ts
// node_modules/.deno/hono@4.13.19/node_modules/hono/dist/hono.js
var x = "// node_modules/.deno/not@1/node_modules/not/in.js";
  // node_modules/.deno/@preact+signals@2.11.4_preact@11.2.0/node_modules/@preact/signals/dist/signals.mjs
// node_modules/.deno/hono@4.13.19/node_modules/hono/dist/router.js
`;
  assert.deepEqual(packageFolders(script), [
    "node_modules/.deno/@preact+signals@2.11.4_preact@11.2.0/node_modules/@preact/signals",
    "node_modules/.deno/hono@4.13.19/node_modules/hono",
  ]);
});

Deno.test("readPackage() takes the licence from its file or from the readme, and the digest from the lock", async () => {
  await withPackage({ "package.json": about("MIT"), LICENSE: "The text\n" }, async (folder) => {
    assert.deepEqual(await readPackage(folder, lock), {
      name: "thing",
      version: "1.2.3",
      license: "MIT",
      licenseText: "The text",
      sha512: "01".repeat(64),
    });
  });
  const readme = "# Thing\n\nUse it.\n\n#### LICENSE\n\nCopyright Somebody, 2017.\n\nPermission …\n";
  await withPackage({ "package.json": about("MIT"), "README.md": readme }, async (folder) => {
    assert.match(
      (await readPackage(folder, lock)).licenseText,
      /^Copyright Somebody, 2017\.\n\nPermission …$/,
    );
  });
});

Deno.test("readPackage() refuses an unknown licence, a missing text and what the lock does not name", async () => {
  const refusals: [Record<string, string>, RegExp][] = [
    [
      { "package.json": about(), LICENSE: "text" },
      /licence of thing@1\.2\.3: it must be one of MIT, .*undefined/,
    ],
    [{ "package.json": about("GPL-3.0-only"), LICENSE: "text" }, /received GPL-3\.0-only/],
    [{ "package.json": about("SEE LICENSE IN x"), LICENSE: "text" }, /received SEE LICENSE/],
    [{ "package.json": about("MIT") }, /must hold its text/],
    [{ "package.json": about("MIT"), "README.md": "# Thing\nlicence: MIT" }, /must hold its text/],
    [{ "package.json": about("MIT", "other"), LICENSE: "text" }, /deno\.lock must hold/],
    [{ "package.json": about("MIT", "bare", "1.0.0"), LICENSE: "text" }, /deno\.lock must hold/],
  ];
  for (const [files, refusal] of refusals) {
    await withPackage(files, (folder) => assert.rejects(readPackage(folder, lock), refusal));
  }
});
