import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { header } from "../../../lib/packaging/pack.ts";

/** A packed file whose Deno is a script that says that it was started; `run` starts it in a bare environment. */
async function withPacked(
  test: (folder: string, run: (env: Record<string, string>) => Promise<[number, string]>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/deno`,
      "#!/bin/sh\ncase $* in *permissions*) ;; *) echo ran ;; esac\n",
    );
    await Deno.chmod(`${folder}/deno`, 0o755);
    const tar = new Deno.Command("tar", { args: ["-czf", "payload", "deno"], cwd: folder });
    assert.ok((await tar.output()).success);
    const payload = await Deno.readFile(`${folder}/payload`);
    const digest = createHash("sha256").update(payload).digest("hex");
    const script = header(digest, header(digest, "N").split("\n").length);
    const bytes = new Uint8Array(await new Blob([script, payload]).arrayBuffer());
    await Deno.writeFile(`${folder}/packed`, bytes, { mode: 0o755 });
    await test(folder, async (env) => {
      const options = { clearEnv: true, env: { PATH: "/usr/bin:/bin", ...env }, cwd: folder };
      const { code, stdout, stderr } = await new Deno.Command(`${folder}/packed`, options).output();
      return [code, new TextDecoder().decode(code === 0 ? stdout : stderr)];
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("header() without a home unpacks into a folder that nobody else may enter", () =>
  withPacked(async (folder, run) => {
    const temporary = `${folder}/it's tmp`;
    await Deno.mkdir(temporary);
    for (let start = 0; start < 2; start++) assert.deepEqual(await run({ TMPDIR: temporary }), [0, "ran\n"]);
    const [home] = [...Deno.readDirSync(temporary)];
    assert.match(home.name, /^sonospeech-\d+$/);
    assert.equal((await Deno.stat(`${temporary}/${home.name}`)).mode! & 0o777, 0o700);
  }));

Deno.test("header() without a home starts nothing from a link that somebody else may have laid", () =>
  withPacked(async (folder, run) => {
    await run({ HOME: `${folder}/theirs` });
    await Deno.mkdir(`${folder}/tmp`);
    await Deno.symlink(`${folder}/theirs`, `${folder}/tmp/sonospeech-${Deno.uid()}`);
    const [code, said] = await run({ TMPDIR: `${folder}/tmp` });
    assert.equal(code, 8);
    assert.match(said, /must be a folder of yours; name another one in SONOSPEECH_HOME/);
  }));

Deno.test("header() takes the folder that it is told", () =>
  withPacked(async (folder, run) => {
    assert.deepEqual(await run({ SONOSPEECH_HOME: "here" }), [0, "ran\n"]);
    assert.deepEqual(await run({ XDG_CACHE_HOME: `${folder}/cache` }), [0, "ran\n"]);
    assert.ok((await Deno.stat(`${folder}/here`)).isDirectory);
    assert.ok((await Deno.stat(`${folder}/cache/sonospeech`)).isDirectory);
  }));
