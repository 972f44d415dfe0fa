/**
 * A file for as long as a search needs it: ffmpeg seeks in what it reads.
 *
 * It lies hidden inside the folder of the runs, where the server writes anyway, is readable by its owner alone and is
 * removed when the search ends, however it ends. What a crash left behind goes with the next start.
 *
 * @module
 */

const prefix = ".query-";
/** A file that is older belongs to no search. */
const staleMilliseconds = 10 * 60_000;

/** Writes bytes to a file, and removes it when `use` is done. */
export async function withQueryFile<T>(
  root: string,
  bytes: Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = `${root}/${prefix}${crypto.randomUUID()}`;
  try {
    await Deno.writeFile(path, bytes, { createNew: true, mode: 0o600 });
    return await use(path);
  } finally {
    await Deno.remove(path).catch(() => {/* It was not made. */});
  }
}

/** Removes what searches left behind that did not end. */
export async function removeStaleQueryFiles(root: string, now = Date.now()): Promise<void> {
  try {
    for await (const { name, isFile } of Deno.readDir(root)) {
      if (!isFile || !name.startsWith(prefix)) continue;
      const { mtime } = await Deno.lstat(`${root}/${name}`);
      if (now - (mtime?.getTime() ?? 0) > staleMilliseconds) await Deno.remove(`${root}/${name}`);
    }
  } catch {
    // The folder need not exist yet, and another server may remove the same file.
  }
}
