import assert from "node:assert/strict";
import fc from "fast-check";
import { permissionFlags, shellWord } from "../../../lib/commands/permission_flags.ts";
import type { Place } from "../../../lib/commands/plan.ts";

const place: Place = {
  workingDirectory: "/home/user",
  app: { isPacked: true, root: "/app", staticDirectory: "/app/static" },
};
const noLinks = (path: string) => path;

Deno.test("permissionFlags() allows reading the program and nothing else when nothing is asked", () => {
  assert.deepEqual(permissionFlags({}, place, noLinks), ["--allow-read=/app"]);
});

Deno.test("permissionFlags() makes paths absolute and what is written readable", () => {
  const flags = permissionFlags({ read: ["in"], write: ["../out"], run: ["ffmpeg"] }, place, noLinks);
  assert.deepEqual(flags, [
    "--allow-read=/app,/home/user/in,/home/out",
    "--allow-write=/home/out",
    "--allow-run=ffmpeg",
  ]);
});

Deno.test("permissionFlags() names the target of a link beside the link, also above what does not exist yet", () => {
  const realPath = (path: string) => {
    if (path === "/home/user/link") return "/big/disk";
    if (path.startsWith("/home/user/link/")) throw new Deno.errors.NotFound(path);
    return path;
  };
  assert.deepEqual(
    permissionFlags({ write: ["link/new/run"] }, place, realPath)[1],
    [
      "--allow-write=/home/user/link/new/run",
      "/big/disk/new/run",
    ].join(","),
  );
});

Deno.test("permissionFlags() allows the nearest folder that a flag can name where a path holds a comma", () => {
  const [, write] = permissionFlags({ write: ["scans/a,b/c"] }, place, noLinks);
  assert.equal(write, "--allow-write=/home/user/scans");
});

Deno.test("permissionFlags() refuses a path that only the whole file system could name", () => {
  for (const path of ["/a,b/c", "/", "../.."]) {
    const refusal = { name: "SonospeechError", code: "usage" };
    assert.throws(() => permissionFlags({ write: [path] }, place, noLinks), refusal);
    assert.throws(() => permissionFlags({ read: [path] }, place, noLinks), refusal);
  }
});

Deno.test("permissionFlags() allows the folders where files are too many for one flag", () => {
  const read = Array.from({ length: 20_000 }, (_, i) => `scans/${i % 2}/${i}.mp4`);
  const [flag] = permissionFlags({ read }, place, noLinks);
  assert.ok(flag.length < 128 * 1024);
  assert.equal(flag, "--allow-read=/app,/home/user/scans/0,/home/user/scans/1");
});

Deno.test("permissionFlags() leaves paths near the root alone where deeper ones are too many", () => {
  const name = "n".repeat(100);
  const read = ["/list.csv", ...Array.from({ length: 2000 }, (_, i) => `/media/usb/${name}${i}/scan.mp4`)];
  const [flag] = permissionFlags({ read }, place, noLinks);
  assert.equal(flag, "--allow-read=/app,/list.csv,/media/usb");
  const everywhere = Array.from({ length: 2000 }, (_, i) => `/${name}${i}`);
  assert.throws(() => permissionFlags({ read: everywhere }, place, noLinks), { code: "usage" });
});

Deno.test("permissionFlags() names something after every flag, below the root", () => {
  const path = fc.string().filter((text) => !text.startsWith("/"));
  const home = { ...place, workingDirectory: "/home/user/a/b/c" };
  fc.assert(fc.property(path.filter((text) => !text.includes("..")), (name) => {
    for (const flag of permissionFlags({ read: [name], write: [name] }, home, noLinks)) {
      assert.match(flag, /^--allow-\w+=(\/[^/,][^,]*)(,\/[^/,][^,]*)*$/s);
    }
  }));
});

Deno.test("shellWord() gives back any text through a shell", async () => {
  const words = ["plain", "a b", "it's", '$HOME `id` \\ "q"', "two\nlines\n", "-n", "*", "", "ä,;&|<>"];
  const script = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.deepEqual(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});

Deno.test("shellWord() refuses what no shell can pass on", () => {
  assert.throws(() => shellWord("a\0b"), { name: "SonospeechError", code: "usage" });
});

Deno.test("permissionFlags() are flags that Deno takes, with any path", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/it's "a" $x\n dir`;
    await Deno.mkdir(path);
    const here = { ...place, app: { ...place.app, root: folder } };
    const flags = permissionFlags({ read: [path], write: [path] }, here);
    const code =
      `Deno.writeTextFileSync(Deno.args[0] + "/f", "x"); console.log(Deno.readTextFileSync(Deno.args[0] + "/f"))`;
    await Deno.writeTextFile(`${folder}/main.js`, code);
    const args = ["run", "--no-prompt", "--no-config", ...flags, `${folder}/main.js`, path];
    const { success, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert.equal(success, true);
    assert.equal(new TextDecoder().decode(stdout), "x\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
