/**
 * Speech from the microphone, for as long as it is asked for.
 *
 * @module
 */

const kinds = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

/** Whether the browser gives pages of this address the microphone at all. */
export function hasMicrophone(): boolean {
  return globalThis.isSecureContext && navigator.mediaDevices !== undefined &&
    typeof MediaRecorder !== "undefined";
}

/** A recording under way. */
export interface Recording {
  /** Ends it, lets go of the microphone, and gives what was said. */
  stop(): Promise<Blob>;
}

/** Begins to record. @throws Error that says why it cannot. */
export async function record(): Promise<Recording> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch((error: Error) => {
    throw new Error(
      error.name === "NotAllowedError"
        ? "The browser was not allowed to use the microphone."
        : error.name === "NotFoundError"
        ? "The browser found no microphone."
        : `The microphone cannot be used (${error.name}).`,
    );
  });
  const mimeType = kinds.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
  const pieces: Blob[] = [];
  recorder.addEventListener("dataavailable", ({ data }) => void pieces.push(data));
  const ended = new Promise<void>((resolve) => {
    recorder.addEventListener("stop", () => resolve(), { once: true });
  });
  recorder.start();
  return {
    stop: async () => {
      if (recorder.state !== "inactive") recorder.stop();
      await ended;
      stream.getTracks().forEach((track) => track.stop());
      return new Blob(pieces, { type: recorder.mimeType });
    },
  };
}
