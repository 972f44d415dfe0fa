import assert from "node:assert/strict";
import { writeFileAtomic } from "../../../lib/records/atomic_file.ts";
import { checkDisk } from "../../../lib/selftest/disk_check.ts";
import { outcomeOf } from "../../../lib/selftest/security_check.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("checkDisk() measures how long a file takes and leaves nothing behind", () =>
  withFolder(async (folder) => {
    const { findings, facts } = await checkDisk(folder);
    assert.equal(findings[0].holds, true, findings[0].found);
    const [name, time] = facts![0];
    assert.match(name, /write, sync, rename/);
    const [, median, slowest] = time.match(/^median ([\d.]+) ms, slowest ([\d.]+) ms/)!.map(Number);
    assert.ok(median > 0 && slowest >= median);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("checkDisk() fails on a disk that gives back other bytes", () =>
  withFolder(async (folder) => {
    const check = await checkDisk(folder, async (path, bytes) => {
      bytes[bytes.length - 1] ^= 1;
      await writeFileAtomic(path, bytes);
      bytes[bytes.length - 1] ^= 1;
    });
    assert.equal(outcomeOf(check), "failed");
    assert.match(check.findings[0].found, /other bytes/);
  }));

Deno.test("checkDisk() fails on a disk that does not sync, with what it said", () =>
  withFolder(async (folder) => {
    const check = await checkDisk(folder, () => Promise.reject(new Error("Input/output error (os error 5)")));
    assert.equal(outcomeOf(check), "failed");
    assert.match(check.findings[0].found, /os error 5/);
  }));
