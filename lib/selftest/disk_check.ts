/**
 * What is written stays: written, synced, renamed and read back, with the time it takes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeFileAtomic } from "../records/atomic_file.ts";
import { type Finding, finding, findingsOf, type SecurityCheck } from "./security_check.ts";

const tries = 12;
const sizeBytes = 1 << 20;
const leastFreeBytes = 1e9;

/** File systems by the number that Linux gives them, where it matters to runs. */
const peculiar: Record<number, string> = {
  0x01021994: "kept in memory (tmpfs): gone after a restart",
  0x858458f6: "kept in memory (ramfs): gone after a restart",
  0x6969: "NFS: SQLite's log does not work across machines, so let one machine alone use a run",
  0xff534d42: "CIFS: SQLite's log does not work across machines, so let one machine alone use a run",
};

/**
 * Checks the disk under a folder.
 *
 * @param write How a file is written; the way of checkpoints when it is left out.
 */
export async function checkDisk(folder: string, write = writeFileAtomic): Promise<SecurityCheck> {
  const facts: [string, string][] = [];
  const findings = await findingsOf("a file of 1 MiB, written", "it stays as it was", async () => {
    const milliseconds: number[] = [];
    const made: Finding[] = [];
    for (let i = 0; i < tries; i++) {
      const bytes = crypto.getRandomValues(Buffer.alloc(65536));
      const content = Buffer.concat(Array.from({ length: sizeBytes / 65536 }, () => bytes));
      const path = join(folder, "disk.bin");
      const start = performance.now();
      await write(path, content);
      milliseconds.push(performance.now() - start);
      if (!content.equals(await Deno.readFile(path))) {
        made.push({ what: `try ${i + 1}`, must: "what was written", found: "other bytes", holds: false });
      }
      await Deno.remove(path);
      syncFolder(folder);
    }
    milliseconds.sort((a, b) => a - b);
    facts.push([
      "write, sync, rename, sync of the folder",
      `median ${milliseconds[tries >> 1].toFixed(1)} ms, slowest ${
        milliseconds[tries - 1].toFixed(1)
      } ms, of ${tries}`,
    ]);
    const what = `a file of 1 MiB written, synced, renamed over and read back, ${tries} times`;
    return made.length > 0 ? made : [finding(what, "the same bytes", "the same bytes")];
  });
  findings.push(
    ...await findingsOf("free space", "known", () => Promise.resolve(spaceFindings(folder, facts))),
  );
  return {
    id: "disk",
    title: "What is written stays",
    method:
      "In the folder of this report, the way checkpoints are written. Whether the drive keeps what it says it " +
      "has kept when the power fails, no program can tell.",
    findings,
    facts,
  };
}

function spaceFindings(folder: string, facts: [string, string][]): Finding[] {
  const { bavail, bsize, type } = statfsSync(folder);
  if (Object.hasOwn(peculiar, type)) facts.push(["file system", peculiar[type]]);
  const free = bavail * bsize;
  const found = `${(free / 1e9).toFixed(1)} GB`;
  return [{ what: "free space", must: "at least 1 GB", found, holds: free >= leastFreeBytes }];
}
