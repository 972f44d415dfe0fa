/**
 * Trouble with a disk, in words: neither the program nor its inputs are at fault, and a stack says nothing more.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

/** What must hold, by the system's name of the error. */
const conditions: Readonly<Record<string, string>> = {
  ENOSPC: "there must be room on the disk",
  EDQUOT: "there must be room on the disk for this user",
  EROFS: "the disk must be writable",
  EACCES: "the user must be allowed to read or write there",
  EPERM: "the user must be allowed to read or write there",
  EIO: "the disk must work",
  EMFILE: "fewer files may be open at once",
};

/** The same by what SQLite says (sqlite3_errstr, https://sqlite.org/c3ref/errcode.html); not all errors carry its code. */
const sqliteConditions: Readonly<Record<string, string>> = {
  "database or disk is full": conditions.ENOSPC,
  "attempt to write a readonly database": conditions.EROFS,
  "disk I/O error": conditions.EIO,
  "unable to open database file": conditions.EACCES,
};

/** The error as trouble with a disk, or undefined when it is something else. */
export function diskTrouble(error: unknown): SonospeechError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  const must = code === "ERR_SQLITE_ERROR" ? sqliteConditions[error.message] : conditions[String(code)];
  if (must === undefined) return undefined;
  return new SonospeechError("environment", {
    action: "go on",
    must,
    received: error,
    hint: "make room or choose another folder, and run the same command again: it goes on where it stopped",
    cause: error,
    publicMessage: `Cannot go on: ${must}`,
  });
}
