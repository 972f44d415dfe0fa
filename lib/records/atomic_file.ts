/**
 * Files that are either the old version or the new one, never half of each.
 *
 * @module
 */

import { dirname } from "node:path";

let serial = 0;

/** A name beside `path` that no other writer of this or another process uses. */
export function temporaryPathFor(path: string): string {
  return `${path}.${Deno.pid}.${serial++}.tmp`;
}

/** Makes a rename or removal inside a folder durable. */
export function syncFolder(path: string): void {
  // Windows cannot open a folder; its renames are journaled by the file system.
  if (Deno.build.os === "windows") return;
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}

/**
 * Writes a file so that a crash at any moment leaves the old or the new content.
 *
 * The bytes go to a temporary file in the same folder, which is synced, renamed over `path` and made durable by
 * syncing the folder.
 *
 * @param path The file to replace; its folder must exist.
 * @param bytes The new content.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  syncFolder(dirname(path));
}

/** Writes a value as indented JSON with {@linkcode writeFileAtomic}. */
export async function writeJsonAtomic(path: string, value: unknown): Promise<void> {
  await writeFileAtomic(path, new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n"));
}
