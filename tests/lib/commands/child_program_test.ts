import assert from "node:assert/strict";
import { appPaths } from "../../../lib/app_paths.ts";
import { childArguments } from "../../../lib/commands/child_program.ts";
import { permissionFlags } from "../../../lib/commands/permission_flags.ts";
import { parseCommandLine } from "../../../lib/commands/program.ts";

const place = { app: appPaths(), workingDirectory: "/somewhere" };
const words = ["train", "/data/fetal", "--run", "/runs/r1", "--set", "preset=tiny", "--device", "wasm"];

Deno.test("childArguments() gives a process what its command may do and no more", async () => {
  const args = await childArguments(words, place);
  const flags = permissionFlags(await parseCommandLine(words, "x").permissions(place), place);
  assert.deepEqual(args, [
    "run",
    "--no-prompt",
    "--cached-only",
    ...flags,
    `${place.app.root}/main.ts`,
    ...words,
  ]);
  const allowed = args.filter((arg) => arg.startsWith("--allow"));
  assert.deepEqual(allowed.map((arg) => arg.split("=")[0]), ["--allow-read", "--allow-write"]);
  assert.equal(allowed[1], "--allow-write=/runs/r1");
  assert.ok(
    allowed[0].split("=")[1].split(",").every((path) =>
      [place.app.root, "/data/fetal", "/runs/r1"].includes(path) || path === Deno.realPathSync(place.app.root)
    ),
  );
});

Deno.test("childArguments() starts the packed program's script without Deno's config and network", async () => {
  const packed = { ...place, app: appPaths("file:///opt/sono/app/main.js") };
  const args = await childArguments(words, packed);
  assert.ok(args.includes("--no-config") && args.includes("--no-remote") && args.includes("--no-npm"));
  assert.ok(args.includes("/opt/sono/app/main.js"));
  assert.ok(args.every((arg) => !arg.startsWith("--allow-net") && !arg.startsWith("--allow-run")));
});

Deno.test("serve may run the program only when --allow-control was given", async () => {
  const permissionsOf = (...more: string[]) =>
    parseCommandLine(["serve", "--runs", "runs", ...more], "x").permissions(place);
  assert.deepEqual((await permissionsOf()).run, ["ffmpeg", "ffprobe"]);
  assert.deepEqual((await permissionsOf("--allow-control")).run, ["ffmpeg", "ffprobe", Deno.execPath()]);
});
