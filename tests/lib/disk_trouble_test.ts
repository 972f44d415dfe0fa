import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { diskTrouble } from "../../lib/disk_trouble.ts";
import { receivedError, sentError } from "../../lib/errors.ts";

function errorOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("It must fail");
}

Deno.test("diskTrouble() puts a full disk in words", () => {
  // As Deno throws it; a disk cannot be filled with the permissions of a test.
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  const trouble = diskTrouble(full);
  assert.equal(trouble?.code, "environment");
  assert.match(trouble.message, /there must be room on the disk, received No space left on device/);
});

Deno.test("diskTrouble() knows a full disk that a worker met", () => {
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  const trouble = diskTrouble(receivedError(structuredClone(sentError(full))));
  assert.match(trouble!.message, /there must be room on the disk, received No space left on device/);
  assert.equal(diskTrouble(receivedError(sentError(new Error("x")))), undefined);
});

Deno.test("diskTrouble() puts a full and a read-only database in words", () => {
  using database = new DatabaseSync(":memory:");
  database.exec("PRAGMA max_page_count = 2; CREATE TABLE t (x); PRAGMA query_only = ON");
  assert.match(diskTrouble(errorOf(() => database.exec("INSERT INTO t VALUES (1)")))!.message, /writable/);
  database.exec("PRAGMA query_only = OFF");
  const full = errorOf(() => database.exec("INSERT INTO t VALUES (zeroblob(1000000))"));
  assert.match(diskTrouble(full)!.message, /room/);
});

Deno.test("diskTrouble() leaves other errors alone", () => {
  using database = new DatabaseSync(":memory:");
  for (const error of [new Error("x"), "x", undefined, errorOf(() => database.exec("nonsense"))]) {
    assert.equal(diskTrouble(error), undefined);
  }
});

Deno.test("diskTrouble() puts a damaged database in words", () => {
  const path = Deno.makeTempFileSync();
  try {
    const open = () => new DatabaseSync(path);
    {
      using database = open();
      database.exec("CREATE TABLE t (x); INSERT INTO t VALUES (hex(zeroblob(10000)))");
    }
    const bytes = Deno.readFileSync(path);
    Deno.writeFileSync(path, bytes.fill(7, 4096));
    using database = open();
    const damaged = errorOf(() => database.prepare("SELECT * FROM t").all());
    assert.match(diskTrouble(damaged)!.message, /database's file must be whole/);
  } finally {
    Deno.removeSync(path);
  }
});
