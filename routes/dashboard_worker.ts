/**
 * Starts the dashboard's server in a Web Worker and keeps its troubles away from the caller.
 *
 * @module
 */

import { SonospeechError } from "../mod.ts";
import { logLine } from "./guard.ts";
import type { ServeOptions } from "./serve.ts";

/** What can be sent to a worker: beside a training, the dashboard starts no other. */
type WorkerServeOptions = Omit<ServeOptions, "log" | "control">;

/** What the worker is told. */
export type WorkerRequest = { kind: "serve"; options: WorkerServeOptions } | { kind: "close" };

/** What the worker says. */
export type WorkerReply =
  | { kind: "serving"; url: string }
  | { kind: "failed"; message: string }
  | { kind: "log"; message: string }
  | { kind: "closed" };

/** How the worker is started. */
export interface DashboardWorkerOptions extends WorkerServeOptions {
  /** The worker's module; the source file's by default, another one where the program is bundled. */
  workerUrl?: URL;
  /** Takes what goes wrong while serving. */
  log?: (message: string) => void;
}

/** A dashboard served by a worker. */
export interface DashboardWorker {
  url: string;
  /** Ends the server and the worker. */
  close(): Promise<void>;
}

/**
 * Serves the dashboard from a worker of this process.
 *
 * @throws SonospeechError `environment` when it cannot start, as when the port is taken; later trouble only reaches
 * `log`.
 */
export async function startDashboardWorker(options: DashboardWorkerOptions): Promise<DashboardWorker> {
  const { workerUrl = new URL("./serve_worker.ts", import.meta.url), log = () => {}, ...serve } = options;
  const worker = new Worker(workerUrl, { type: "module", name: "dashboard" });
  const send = (request: WorkerRequest) => worker.postMessage(request);
  const first = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<void>();
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerReply>) => {
    if (data.kind === "serving") first.resolve(data.url);
    if (data.kind === "failed") first.reject(failure(data.message));
    if (data.kind === "log") log(data.message);
    if (data.kind === "closed") closed.resolve();
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    log(logLine(event.error));
    first.reject(failure(event.message));
    closed.resolve();
  });
  send({ kind: "serve", options: serve });
  try {
    const url = await first.promise;
    const close = async () => {
      send({ kind: "close" });
      await closed.promise;
      worker.terminate();
    };
    return { url, close };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function failure(message: string): SonospeechError {
  return new SonospeechError("environment", {
    action: "serve the dashboard",
    must: message.replace(/^Cannot serve the dashboard: /, ""),
    hint: "choose another port with --port",
  });
}
