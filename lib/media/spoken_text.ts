/**
 * Text becomes speech, by ffmpeg's flite source: English, a few voices, nothing to download.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { runTool } from "./tool.ts";

/** The voices of flite that are used: three men and a woman. */
export const fliteVoices = ["awb", "kal", "rms", "slt"] as const;

/**
 * Speaks a text.
 *
 * @param text English: letters, digits, blanks, commas, full stops and hyphens.
 * @param sampleRate Of the result, Hz.
 * @returns Mono samples.
 * @throws SonospeechError `usage` for other characters, `environment` when ffmpeg has no flite source.
 */
export async function speakText(
  text: string,
  { voice, sampleRate, signal }: {
    voice: (typeof fliteVoices)[number];
    sampleRate: number;
    signal?: AbortSignal;
  },
): Promise<Int16Array> {
  // Nothing of this has a meaning inside ffmpeg's quotes.
  if (!/^[A-Za-z0-9 ,.-]*[A-Za-z0-9][A-Za-z0-9 ,.-]*$/.test(text)) {
    throw new SonospeechError("usage", {
      action: "speak the text",
      must: "it must be English words of letters, digits, blanks, commas, full stops and hyphens",
      received: text,
      hint: "record the words and search with --speech FILE",
    });
  }
  const chunks: Uint8Array[] = [];
  const source = `flite=voice=${voice}:text='${text}'`;
  const output = ["-ar", `${sampleRate}`, "-ac", "1", "-f", "s16le", "pipe:1"];
  const report = await runTool(
    "ffmpeg",
    ["-nostdin", "-nostats", "-f", "lavfi", "-i", source, ...output],
    "",
    {
      signal,
      onOutput: (chunk) => void chunks.push(chunk.slice()),
    },
  );
  const bytes = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer();
  if (report.code === 0 && bytes.byteLength > 1) return new Int16Array(bytes, 0, bytes.byteLength >> 1);
  throw new SonospeechError("environment", {
    action: "speak the text",
    must: "ffmpeg must have its flite source, as Debian's has",
    received: report.firstErrors[0] ?? `exit code ${report.code}`,
    hint: "record the words and search with --speech FILE",
  });
}
