import assert from "node:assert/strict";
import { openPseudonyms, Pseudonyms } from "../../../lib/data/pseudonyms.ts";
import { withFolder } from "../media/make_media.ts";

Deno.test("Pseudonyms are HMAC-SHA-256 of the name: one for each name, kind and key", async () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
  const pseudonyms = new Pseudonyms(bytes);
  // By another implementation of RFC 2104.
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signed = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode("subject\0Mary Smith"));
  assert.equal(pseudonyms.subject("Mary Smith"), `p-${new Uint8Array(signed).toHex().slice(0, 20)}`);
  const others = [
    pseudonyms.subject("Mary Smyth"),
    pseudonyms.file("Mary Smith"),
    new Pseudonyms(bytes.map((byte) => byte + 1)).subject("Mary Smith"),
  ];
  assert.equal(new Set([pseudonyms.subject("Mary Smith"), ...others].map((name) => name.slice(2))).size, 4);
  assert.equal(pseudonyms.subject("Zoe\u0308"), pseudonyms.subject("Zo\u00eb"));
});

Deno.test("openPseudonyms() makes a private key once and refuses one that others may read", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/key`;
    const first = await openPseudonyms(path);
    const again = await openPseudonyms(path);
    assert.deepEqual([first.isNew, again.isNew], [true, false]);
    assert.equal(first.pseudonyms.subject("a"), again.pseudonyms.subject("a"));
    assert.notEqual(first.pseudonyms.keyCheck, (await openPseudonyms(`${folder}/other`)).pseudonyms.keyCheck);
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      await Deno.chmod(path, 0o640);
      await assert.rejects(openPseudonyms(path), /nobody but its owner may read it, received "mode 640"/);
      await Deno.chmod(path, 0o600);
    }
    await Deno.writeTextFile(path, "secret");
    await assert.rejects(openPseudonyms(path), /64 hexadecimal digits/);
    await Deno.mkdir(`${path}-folder`, { mode: 0o700 });
    await assert.rejects(openPseudonyms(`${path}-folder`), { code: "input", message: /it must be a file/ });
    await assert.rejects(openPseudonyms(`${folder}/absent/key`), /folder must be there/);
  });
});
