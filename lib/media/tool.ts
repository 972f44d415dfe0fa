/**
 * Runs ffmpeg and ffprobe on local files and nothing else.
 *
 * Inputs are absolute `file:` URLs, so no name can be taken for an option, a protocol or a pattern; protocols and
 * container formats are white-listed, so a playlist, a concat script or a network stream is refused whatever its
 * name; standard input is closed, but for bytes that the program itself writes to it.
 *
 * @module
 */

import { resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { UnusableMediaError } from "./unusable.ts";

/** Containers that are read: pictures with sound first, then sound alone. No playlists, no scripts, no devices. */
const formats =
  "mov,matroska,webm,avi,gif,wav,w64,flac,mp3,aac,ogg,aiff,au,caf,amr,amrnb,amrwb,ac3,eac3,asf,wv,ape,tta";

/** What a tool said besides its output. */
export interface ToolReport {
  /** Exit code; 0 does not mean that all was well. */
  code: number;
  /** Number of lines at level error or above. */
  errorLines: number;
  /** The first of them, without the file's path. */
  firstErrors: string[];
  /** Frames that ffmpeg decoded from each mapped stream, added up; missing when it did not say. */
  framesDecoded?: number;
}

/** How to run a tool. */
export interface ToolOptions {
  /** Kills the tool. */
  signal?: AbortSignal;
  /** Takes the output piece by piece; a promise holds the tool back until it is settled. */
  onOutput: (chunk: Uint8Array) => void | Promise<void>;
  /** Writes the tool's standard input, which is closed when it is done; without it there is none. */
  onInput?: (write: InputWriter) => Promise<void>;
}

/** Passes bytes to a tool; false when it takes no more. */
export type InputWriter = (bytes: Uint8Array) => Promise<boolean>;

/**
 * The arguments that open a local file as input.
 *
 * @throws UnusableMediaError `unreadable` when the file is gone or cannot be opened.
 */
export async function inputArguments(path: string): Promise<string[]> {
  const whitelists = ["-protocol_whitelist", "file,pipe", "-format_whitelist", formats];
  // A name with %d in it makes ffmpeg take a gif for a numbered series of pictures, unless told otherwise.
  const format = await isGif(path) ? ["-f", "gif"] : [];
  return [...whitelists, ...format, "-i", `file:${resolve(path)}`];
}

async function isGif(path: string): Promise<boolean> {
  using file = await Deno.open(path, { read: true }).catch((error: Error) => {
    throw new UnusableMediaError("unreadable", `it cannot be opened (${error.name})`);
  });
  const start = new Uint8Array(4);
  await file.read(start);
  return new TextDecoder().decode(start) === "GIF8";
}

/**
 * Runs a tool to its end.
 *
 * @throws SonospeechError `environment` when the tool is not installed; the signal's reason when aborted.
 */
export async function runTool(
  program: "ffmpeg" | "ffprobe",
  args: readonly string[],
  path: string,
  options: ToolOptions,
): Promise<ToolReport> {
  const { signal, onOutput, onInput } = options;
  signal?.throwIfAborted();
  const all = ["-hide_banner", "-loglevel", "level+verbose", ...args];
  const child = spawn(program, all, onInput ? "piped" : "null", signal);
  const listener = new ErrorListener(path);
  const tasks = [
    listen(child.stderr, listener),
    readOutput(child.stdout, onOutput),
    ...(onInput ? [feed(child.stdin, onInput)] : []),
  ];
  try {
    await Promise.all(tasks);
    const { code } = await child.status;
    signal?.throwIfAborted();
    return { code, ...listener.report() };
  } catch (error) {
    await stop(child);
    await Promise.allSettled(tasks);
    signal?.throwIfAborted();
    throw error;
  }
}

async function readOutput(stdout: ReadableStream<Uint8Array>, take: ToolOptions["onOutput"]): Promise<void> {
  for await (const chunk of stdout) await take(chunk);
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  onInput: NonNullable<ToolOptions["onInput"]>,
): Promise<void> {
  const writer = stdin.getWriter();
  // A tool that has read enough, or fails, closes its input: what it made of it shows in its output.
  const untilClosed = (work: Promise<void>) => work.then(() => true, () => false);
  try {
    await onInput((bytes) => untilClosed(writer.write(bytes)));
  } finally {
    await untilClosed(writer.close());
  }
}

function spawn(
  program: string,
  args: string[],
  stdin: "null" | "piped",
  signal?: AbortSignal,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, { args, stdin, stdout: "piped", stderr: "piped", signal }).spawn();
  } catch (cause) {
    throw new SonospeechError("environment", {
      action: `run ${program}`,
      must: `${program} must be installed and allowed to run`,
      hint: "Look with: ./run doctor",
      cause,
    });
  }
}

async function listen(stream: ReadableStream<Uint8Array>, listener: ErrorListener): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream())) listener.take(text);
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await child.status;
  for (const stream of [child.stdout, child.stderr]) if (!stream.locked) await stream.cancel();
}

/** Counts the errors in what a tool says, in bounded memory however much it says. */
class ErrorListener {
  readonly #path: string;
  readonly #firstErrors: string[] = [];
  #errorLines = 0;
  #framesDecoded?: number;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split(/[\r\n]+/);
    this.#rest = lines.pop()!.slice(0, 10_000);
    for (const line of lines) this.#takeLine(line);
  }

  report(): Omit<ToolReport, "code"> {
    this.#takeLine(this.#rest);
    this.#rest = "";
    return {
      errorLines: this.#errorLines,
      firstErrors: this.#firstErrors,
      framesDecoded: this.#framesDecoded,
    };
  }

  #takeLine(line: string): void {
    const decoded = /^\[verbose\].* packets read .*?(\d+) frames decoded/.exec(line);
    if (decoded) this.#framesDecoded = (this.#framesDecoded ?? 0) + Number(decoded[1]);
    const error = /^(?:\[[^\]]* @ [^\]]*\] )?\[(?:error|fatal|panic)\] (.*)/.exec(line);
    if (!error) return;
    this.#errorLines++;
    if (this.#firstErrors.length < 3) this.#firstErrors.push(this.#withoutPath(error[1]).slice(0, 200));
  }

  #withoutPath(message: string): string {
    // A name with a line break in it comes in pieces, as lines do.
    const [first, ...others] = `file:${resolve(this.#path)}`.split(/[\r\n]+/);
    const pieces = [first, first.slice("file:".length), ...others].filter((piece) => piece !== "");
    return pieces.reduce((text, piece) => text.replaceAll(piece, "input"), message);
  }
}
