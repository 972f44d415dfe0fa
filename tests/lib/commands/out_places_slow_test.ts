/** Every command with an `--out`, given places where nothing can be written. */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCodes } from "../../../lib/errors.ts";
import type { Told } from "../../helpers/out_places_process.ts";
import { makeSearchableRun } from "../../helpers/searchable_run.ts";
import { findTool } from "../../helpers/system_tools.ts";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const canMount = findTool("unshare", "--map-root-user", "--mount", "true") !== null;
const ignored = canMount ? "" : " (without full and read-only disks: this system mounts none for a user)";

Deno.test(`commands say what is wrong with a place that cannot be written${ignored}`, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { run, dataset, videos } = await makeSearchableRun(folder);
    for (const name of ["full", "read-only"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/file`, "");
    const places: [place: string, must: RegExp][] = [
      ["file", /no file where a folder is to be/],
      ["file/below", /no file where a folder is to be/],
      ...canMount
        ? [
          ["read-only", /the disk must be writable/],
          ["full", /there must be room on the disk/],
        ] as [string, RegExp][]
        : [],
    ];
    const model = ["--device", "cpu"];
    const commands: string[][] = [
      ["phantom", "--subjects", "1", "--seconds", "2"],
      ["mask", videos[0]],
      ["prepare", videos[0]],
      ["train", dataset, ...model],
      ["export", run, "--format", "onnx", ...model],
      ["export", run, "--format", "safetensors", ...model],
      ["export", run, "--format", "tfjs", ...model],
      ["import", `${run}/checkpoints/best.safetensors`],
      ["embed", run, dataset, ...model],
      ["embed", run, videos[0], ...model],
      ["reproduce", "--quick"],
      ["service", "--runs", "/absent"],
      ["demo"],
      ["selftest"],
    ];
    const tries = places.flatMap(([place, must]) =>
      commands.flatMap((words, i) => {
        // With a full disk the self-test says so on its page.
        if (place === "full" && words[0] === "selftest") return [];
        const out = place.startsWith("file") ? place : `${place}/${i}`;
        return [{ must, words: [...words, words[0] === "train" ? "--run" : "--out", out] }];
      })
    );
    const told = await tell(folder, tries.map(({ words }) => words));
    assert.equal(told.length, tries.length);
    for (const [i, { words, must }] of tries.entries()) {
      const { code, message, hint } = told[i];
      const line = words.join(" ");
      assert.deepEqual(told[i].words, words);
      assert.ok(code !== undefined && code in exitCodes, `${line}: ${message}`);
      assert.match(message, /^Cannot [^\n]+$/, line);
      assert.match(message, must, line);
      assert.ok(hint, line);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Runs command lines in a folder, whose places are mounted where that can be done. */
async function tell(folder: string, lines: string[][]): Promise<Told[]> {
  const mounts = "mount -t tmpfs -o size=4k none full && mount -t tmpfs -o ro none read-only && " +
    '{ cat /dev/zero >full/rest 2>/dev/null; true; } && exec "$@"';
  const deno = [Deno.execPath(), "run", "--no-check", "--allow-all"];
  const words = [...deno, join(root, "tests/helpers/out_places_process.ts"), JSON.stringify(lines)];
  const [program, ...args] = canMount
    ? ["unshare", "--map-root-user", "--mount", "sh", "-c", mounts, "sh", ...words]
    : words;
  const { success, stdout, stderr } = await new Deno.Command(program, { args, cwd: folder }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line) as Told);
}
