import assert from "node:assert/strict";
import { appPaths } from "../../../lib/app_paths.ts";
import {
  cacheDirectoryFrom,
  openMeasurements,
  withMeasurements,
} from "../../../lib/commands/measurements.ts";

Deno.test("cacheDirectoryFrom() follows the XDG base directories, absolute paths alone", () => {
  const from = (variables: Record<string, string>) => cacheDirectoryFrom((name) => variables[name]);
  assert.equal(from({ XDG_CACHE_HOME: "/var/cache/me", HOME: "/home/me" }), "/var/cache/me/sonospeech");
  assert.equal(from({ XDG_CACHE_HOME: "relative", HOME: "/home/me" }), "/home/me/.cache/sonospeech");
  assert.equal(from({ XDG_CACHE_HOME: "" }), undefined);
  assert.equal(from({}), undefined);
});

Deno.test("withMeasurements() adds the cache's folder and its variables, and nothing without a home", () => {
  const place = { workingDirectory: "/work", app: appPaths() };
  const needs = { read: ["data"], write: ["run"] };
  assert.deepEqual(withMeasurements(place, needs), needs);
  assert.deepEqual(withMeasurements({ ...place, cacheDirectory: "/home/me/.cache/sonospeech" }, needs), {
    read: ["data"],
    write: ["run", "/home/me/.cache/sonospeech/measurements"],
    env: ["XDG_CACHE_HOME", "HOME"],
  });
});

Deno.test("openMeasurements() finds what this version kept", async () => {
  assert.equal(await openMeasurements({}), undefined);
  const cacheDirectory = await Deno.makeTempDir();
  try {
    await (await openMeasurements({ cacheDirectory }))!.set("trial", 3);
    assert.equal((await openMeasurements({ cacheDirectory }))!.get("trial"), 3);
  } finally {
    await Deno.remove(cacheDirectory, { recursive: true });
  }
});
