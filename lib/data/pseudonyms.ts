/**
 * Pseudonyms of subjects and files: what a dataset keeps instead of names.
 *
 * A pseudonym is a keyed hash (HMAC-SHA-256, RFC 2104). Who has the key can find a subject again, in every dataset made
 * with it; who has not, cannot even try out names.
 *
 * @module
 */

import { createHmac, randomBytes } from "node:crypto";
import { basename } from "node:path";
import { SonospeechError } from "../errors.ts";

/** Bytes of a key. */
const keyBytes = 32;
/** Hexadecimal digits of a pseudonym: among a million subjects two share one with a chance of 4e-13. */
const digits = 20;

/** Gives names their pseudonyms. */
export class Pseudonyms {
  readonly #key: Uint8Array;

  /** Makes them with a key. @param key 32 random bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== keyBytes) throw new RangeError(`a key has ${keyBytes} bytes, this one ${key.length}`);
    this.#key = key;
  }

  /** A subject's. */
  subject(name: string): string {
    return `p-${this.#hash("subject", name)}`;
  }

  /** A file's. */
  file(name: string): string {
    return `f-${this.#hash("file", name)}`;
  }

  /** Of anything else that tells where a scan comes from. */
  source(text: string): string {
    return this.#hash("source", text);
  }

  /** Tells keys apart without telling them. */
  get keyCheck(): string {
    return this.#hash("key check", "");
  }

  #hash(kind: string, name: string): string {
    // One name may be written with composed or with combined letters.
    const text = `${kind}\0${name.normalize("NFC")}`;
    return createHmac("sha256", this.#key).update(text).digest("hex").slice(0, digits);
  }
}

/**
 * Reads a key, or makes one that only its owner can read.
 *
 * @param path A file with 64 hexadecimal digits.
 * @returns The pseudonyms, and whether the key was made now.
 * @throws SonospeechError `input` when the file holds something else or others may read it.
 */
export async function openPseudonyms(path: string): Promise<{ pseudonyms: Pseudonyms; isNew: boolean }> {
  const made = await makeKey(path);
  const text = made ?? (await readKey(path));
  if (!/^[0-9a-f]{64}\s*$/.test(text)) refuse(path, "it must hold 64 hexadecimal digits", "something else");
  const key = Uint8Array.fromHex(text.trim());
  return { pseudonyms: new Pseudonyms(key), isNew: made !== undefined };
}

/** Writes a new key, unless there is a file. */
async function makeKey(path: string): Promise<string | undefined> {
  const text = `${randomBytes(keyBytes).toString("hex")}\n`;
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    await file.write(new TextEncoder().encode(text));
    await file.sync();
    return text;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    return refuse(path, "its folder must be there and writable", (error as Error).name);
  }
}

async function readKey(path: string): Promise<string> {
  const { mode, isFile } = await Deno.stat(path);
  if (!isFile) refuse(path, "it must be a file", "something else");
  if (mode !== null && (mode & 0o077) !== 0) {
    refuse(
      path,
      "nobody but its owner may read it",
      `mode ${(mode & 0o777).toString(8)}`,
      `chmod 600 ${basename(path)}, if it was private so far`,
    );
  }
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    return refuse(path, "it must be readable", (error as Error).name);
  }
}

function refuse(path: string, must: string, received: string, hint?: string): never {
  throw new SonospeechError("input", {
    action: `use the pseudonym key ${basename(path)}`,
    must,
    received,
    hint,
    publicMessage: `Cannot use the pseudonym key: ${must}`,
  });
}
