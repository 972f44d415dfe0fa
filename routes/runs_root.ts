/**
 * The only place where the server writes: inside the folder of the runs, by plain names.
 *
 * @module
 */

import { writeFileAtomic } from "../mod.ts";
import { Refusal } from "./guard.ts";

/** A change in the folder of the runs. */
export type RootChange =
  | { kind: "write"; file: string; bytes: Uint8Array }
  | { kind: "append"; file: string; bytes: Uint8Array }
  | { kind: "trash"; run: string };

/** Where runs go that were deleted. */
export const trashFolder = "trash";

/**
 * What may be the name of a run, an evaluation or a file: no separators and no leading dot, so that a name is never a
 * path; and no control characters or marks that turn the direction of writing, so that a name looks like what it is.
 */
export function isSafeName(name: string): boolean {
  return /^[^./\\\p{Cc}\p{Cs}\p{Bidi_Control}][^/\\\p{Cc}\p{Cs}\p{Bidi_Control}]{0,127}$/u.test(name);
}

/**
 * Makes a change inside the folder, each but an addition by a rename: a crash leaves the old state or the new one.
 * Nothing outside is reached: names hold no separators, a file that is a link is replaced and not followed, and a trash
 * or a file to add to that is a link is refused.
 *
 * @throws Refusal 400 for a name that is none, 409 when the trash or the file to add to cannot be used.
 */
export async function changeRunsRoot(root: string, change: RootChange): Promise<void> {
  const name = change.kind === "trash" ? change.run : change.file;
  if (!isSafeName(name)) throw new Refusal(400, "That is not a name.");
  if (change.kind === "write") {
    await Deno.mkdir(root, { recursive: true });
    await writeFileAtomic(`${root}/${name}`, change.bytes);
    return;
  }
  if (change.kind === "append") {
    await append(root, change);
    return;
  }
  const trash = `${root}/${trashFolder}`;
  await Deno.mkdir(trash).catch((error) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  if (name === trashFolder || !(await Deno.lstat(trash)).isDirectory) {
    throw new Refusal(409, "The trash folder inside the runs' folder cannot be used.");
  }
  // The time keeps runs of one name apart; the random part, those of one millisecond.
  const stamp = new Date().toISOString().replaceAll(":", "-");
  await Deno.rename(`${root}/${name}`, `${trash}/${name}.${stamp}.${crypto.randomUUID().slice(0, 4)}`);
}

async function append(root: string, { file, bytes }: { file: string; bytes: Uint8Array }): Promise<void> {
  await Deno.mkdir(root, { recursive: true });
  const path = `${root}/${file}`;
  const info = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (info && !info.isFile) throw new Refusal(409, `${file} inside the runs' folder must be a file.`);
  using target = await Deno.open(path, { append: true, createNew: info === null });
  try {
    for (let done = 0; done < bytes.length;) done += await target.write(bytes.subarray(done));
    await target.sync();
  } catch (error) {
    await target.truncate(info?.size ?? 0); // half a line would spoil the next one
    throw error;
  }
}
