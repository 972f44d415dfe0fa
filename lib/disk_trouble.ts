/**
 * Trouble with a disk, in words: neither the program nor its inputs are at fault, and a stack says nothing more.
 *
 * @module
 */

import { SonospeechError } from "./errors.ts";

const noFolder = "there must be no file where a folder is to be";

/** What must hold, by the system's name of the error. */
const conditions: Readonly<Record<string, string>> = {
  ENOSPC: "there must be room on the disk",
  EDQUOT: "there must be room on the disk for this user",
  EROFS: "the disk must be writable",
  EACCES: "the user must be allowed to read or write there",
  EPERM: "the user must be allowed to read or write there",
  EIO: "the disk must work",
  EMFILE: "fewer files may be open at once",
  EEXIST: noFolder,
  ENOTDIR: noFolder,
  EISDIR: "there must be no folder where a file is to be",
  ENAMETOOLONG: "a path must be short enough for the disk",
};

/** The same by what SQLite says (sqlite3_errstr, https://sqlite.org/c3ref/errcode.html); not all errors carry its code. */
const sqliteConditions: Readonly<Record<string, string>> = {
  "database or disk is full": conditions.ENOSPC,
  "attempt to write a readonly database": conditions.EROFS,
  "disk I/O error": conditions.EIO,
  "unable to open database file": conditions.EACCES,
  "database disk image is malformed": "the database's file must be whole",
};

/** Whether the error, or what caused it, is that a disk is full. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const must = conditionOf(error);
  return must === undefined ? isDiskFull(error.cause) : [conditions.ENOSPC, conditions.EDQUOT].includes(must);
}

/** What must hold for the error not to happen; undefined when it is not a disk's. */
function conditionOf(error: Error): string | undefined {
  const { code } = error as Error & { code?: unknown };
  return code === "ERR_SQLITE_ERROR" ? sqliteConditions[error.message] : conditions[String(code)];
}

function hintOf(must: string): string {
  if (must === conditions.ENOSPC || must === conditions.EDQUOT) {
    return "make room or choose another folder, and run the same command again: it goes on where it stopped";
  }
  if (must === conditions.EACCES) {
    return "give the user who runs this the right to it, or choose another place";
  }
  return "choose another folder, and run the same command again";
}

/** The error as trouble with a disk, or undefined when it is something else. */
export function diskTrouble(error: unknown): SonospeechError | undefined {
  if (!(error instanceof Error)) return undefined;
  const must = conditionOf(error);
  if (must === undefined) return undefined;
  return new SonospeechError("environment", {
    action: "go on",
    must,
    received: error,
    hint: hintOf(must),
    cause: error,
    publicMessage: `Cannot go on: ${must}`,
  });
}
