import assert from "node:assert/strict";
import { basename } from "node:path";
import { appPaths, workerModules, workerUrl } from "../../lib/app_paths.ts";

Deno.test("appPaths() finds the source tree by itself", () => {
  const paths = appPaths();
  assert.equal(paths.isPacked, false);
  assert.ok(Deno.statSync(`${paths.root}/lib/app_paths.ts`).isFile);
  assert.equal(paths.staticDirectory, `${paths.root}/.cache/static`);
});

Deno.test("appPaths() of a bundle is the folder of its script", () => {
  assert.deepEqual(appPaths("file:///opt/a%20b/chunk-X.js"), {
    isPacked: true,
    root: "/opt/a b",
    staticDirectory: "/opt/a b/static",
  });
});

Deno.test("workerUrl() is the module from source and a script beside the others when packed", () => {
  assert.ok(workerUrl("routes/serve_worker.ts").endsWith("/routes/serve_worker.ts"));
  const packed = appPaths("file:///opt/a%20b/main.js");
  assert.equal(workerUrl("routes/serve_worker.ts", packed), "file:///opt/a%20b/serve_worker.js");
});

Deno.test("workerModules exist and have different base names", () => {
  const { root } = appPaths();
  for (const module of workerModules) assert.ok(Deno.statSync(`${root}/${module}`).isFile);
  assert.equal(new Set(workerModules.map((module) => basename(module))).size, workerModules.length);
});
