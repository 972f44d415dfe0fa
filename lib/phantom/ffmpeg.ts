/**
 * The two things the phantom asks of ffmpeg: to speak, and to write an mp4 file.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

function spawn(args: readonly string[], stdin: "piped" | "null"): Deno.ChildProcess {
  try {
    return new Deno.Command("ffmpeg", {
      args: ["-hide_banner", "-nostdin", "-v", "error", "-y", ...args],
      stdin,
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new SonospeechError("environment", {
      action: "make narrated synthetic scans",
      must: "ffmpeg must be installed",
      received: cause,
      hint: "apt-get install --no-install-recommends ffmpeg",
      cause,
    });
  }
}

async function settle(child: Deno.ChildProcess, action: string): Promise<void> {
  const [stderr, { code }] = await Promise.all([new Response(child.stderr).text(), child.status]);
  if (code === 0) return;
  // In the system's words (strerror): a full disk is not ffmpeg's fault.
  if (stderr.includes("No space left on device")) {
    throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  }
  throw new SonospeechError("environment", {
    action,
    must: "ffmpeg must succeed, with its flite, libx264 and aac parts built in",
    received: stderr.trim().split("\n").slice(-3).join(" ") || `exit code ${code}`,
  });
}

/** Samples a second of everything that is heard. */
export const sampleRate = 24000;

/**
 * Speaks texts with ffmpeg's flite source, at a tempo (0.5 to 2) relative to the voice's own.
 *
 * @param texts Lower-case words; punctuation is not allowed because nothing is escaped.
 * @param folder An existing folder for short-lived files.
 * @returns Samples of each text at {@linkcode sampleRate}, mono.
 * @throws SonospeechError `environment` when ffmpeg or its flite source is missing.
 */
export async function speak(
  { voice, tempo }: { voice: string; tempo: number },
  texts: readonly string[],
  folder: string,
): Promise<Int16Array[]> {
  const scratch = await Deno.makeTempDir({ dir: folder, prefix: ".voice-" });
  try {
    const stretch = tempo === 1 ? "" : `,atempo=${tempo}`;
    const source = (text: string) => `flite=voice=${voice}:text='${text}'${stretch}`;
    const inputs = texts.flatMap((text) => ["-f", "lavfi", "-i", source(text)]);
    const file = (index: number) => `${scratch}/${index}.pcm`;
    const outputs = texts.flatMap((_, index) => {
      const format = ["-ar", `${sampleRate}`, "-ac", "1", "-f", "s16le"];
      return ["-map", `${index}:a`, ...format, "-fflags", "+bitexact", `file:${file(index)}`];
    });
    await settle(spawn([...inputs, ...outputs], "null"), "speak the narration");
    return await Promise.all(texts.map(async (_, index) => {
      const bytes = await Deno.readFile(file(index));
      return new Int16Array(bytes.buffer, 0, bytes.byteLength >> 1);
    }));
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** What an mp4 file is made of. */
export interface Mp4Options {
  /** Absolute path of the file to write. */
  path: string;
  /** Absolute path of the sound: 16 bit little endian, mono, {@linkcode sampleRate}. */
  soundPath: string;
  /** Height and width in pixels. */
  frameSize: readonly [number, number];
  /** Frames a second. */
  frameRate: number;
}

/**
 * Writes grey frames and sound into an mp4 file (H.264, AAC) whose bytes depend on nothing but them.
 *
 * Frames are handed over one batch at a time; whoever stops before the end must call `kill`.
 */
export class Mp4Writer {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #done: Promise<void>;

  /** Starts ffmpeg. @throws SonospeechError `environment` when it is missing. */
  constructor({ path, soundPath, frameSize: [height, width], frameRate }: Mp4Options) {
    const file = ["-protocol_whitelist", "file,pipe"];
    this.#child = spawn([
      ...[...file, "-f", "rawvideo", "-pix_fmt", "gray", "-video_size", `${width}x${height}`],
      ...["-framerate", `${frameRate}`, "-i", "pipe:0"],
      ...[...file, "-f", "s16le", "-ar", `${sampleRate}`, "-ac", "1", "-i", `file:${soundPath}`],
      ...["-map", "0:v", "-map", "1:a", "-map_metadata", "-1"],
      // One thread: the encoder's decisions, and so the bytes, must not depend on the machine's cores.
      ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "25", "-pix_fmt", "yuv420p", "-threads", "1"],
      ...[
        "-c:a",
        "aac",
        "-b:a",
        "64k",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        "-flags:a",
        "+bitexact",
      ],
      ...["-movflags", "+faststart", "-f", "mp4", `file:${path}`],
    ], "piped");
    this.#stdin = this.#child.stdin.getWriter();
    this.#done = settle(this.#child, "write a synthetic scan");
    // The failure is thrown by write or close; without this it would count as unhandled in between.
    this.#done.catch(() => {});
  }

  /** Hands over whole frames. @throws SonospeechError `environment` when ffmpeg has given up. */
  async write(frames: Uint8Array): Promise<void> {
    try {
      await this.#stdin.write(frames);
    } catch (error) {
      await this.#done;
      throw error;
    }
  }

  /** Ends the file. @throws SonospeechError `environment` when ffmpeg fails. */
  async close(): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#done;
  }

  /** Gives up and waits until ffmpeg is gone; does nothing after `close`. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      return; // It has already ended.
    }
    await this.#stdin.abort().catch(() => {});
    await this.#done.catch(() => {});
  }
}
