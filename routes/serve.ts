/**
 * Serves the dashboard: on this machine alone, or on a network to who knows a secret.
 *
 * @module
 */

import { isIP } from "node:net";
import { DatasetReader, SonospeechError } from "../mod.ts";
import { createApp } from "./app.ts";
import { WorkerSearchEngine } from "./find_engine.ts";
import { removeStaleQueryFiles } from "./query_file.ts";
import { Control, type ControlOptions } from "./control.ts";

/** The shortest secret that is taken. */
const shortestSecret = 12;

/** Where the dashboard is served and what it shows. */
export interface ServeOptions {
  runsDirectory: string;
  /** Folders with reports of comparisons, besides that of the runs. */
  resultsDirectories?: readonly string[];
  /** Folder with the built dashboard. */
  staticDirectory: string;
  /** 0 takes any free port. */
  port: number;
  /** Address to listen at; 127.0.0.1 by default. Any but a loopback one asks for `operatorSecret`. */
  hostname?: string;
  /** Further hosts with port that requests may be addressed to, as `localhost:9000` of a forwarded port. */
  allowedHosts?: readonly string[];
  /** What an operator must know, who may write; nobody is asked for anything without it. */
  operatorSecret?: string;
  /** What a viewer must know. */
  viewerSecret?: string;
  /** Path below which a proxy shows the server, as `/sonospeech`. */
  basePath?: string;
  /** Addresses of proxies whose `X-Forwarded-` headers are believed. */
  trustedProxies?: readonly string[];
  /** Folders of datasets that no run need name. */
  datasetPaths?: readonly string[];
  /** The module of the worker that searches; without one, nobody searches. */
  findWorkerUrl?: string;
  /** Whether notes may be kept and runs be moved to the trash; false by default. */
  mayWrite?: boolean;
  /** See `mapWorkerUrl` of AppOptions. */
  mapWorkerUrl?: string;
  /** How trainings are started from the page; they are not when it is left out. */
  control?: Omit<ControlOptions, "runsDirectory" | "datasetIdOf" | "log">;
  log?: (message: string) => void;
}

/** A dashboard that is being served. */
export interface DashboardServer {
  /** As `http://127.0.0.1:8000`. */
  url: string;
  /** Ends what was started from the page, with a checkpoint; then the live streams and the server. */
  close(): Promise<void>;
  /** Settles when the server has ended. */
  finished: Promise<void>;
}

/**
 * Starts the dashboard's server.
 *
 * @throws SonospeechError `environment` when the port is taken; `usage` when others could reach it without a secret,
 * or a setting is none.
 */
export function serveDashboard(options: ServeOptions): DashboardServer {
  const {
    hostname = "127.0.0.1",
    port,
    allowedHosts = [],
    operatorSecret,
    viewerSecret,
    findWorkerUrl,
    ...rest
  } = options;
  checkSettings(options);
  const control = options.control && new Control({ ...rest, ...options.control, datasetIdOf });
  const ending = new AbortController();
  const server = new LastingServer(
    hostname,
    port,
    (request, { remoteAddr }) => app.fetch(request, { remoteAddress: remoteAddr.hostname }),
    rest.log ?? ((message) => console.error(message)),
  );
  const actualPort = server.port;
  const own = hostname.includes(":") ? `[${hostname}]` : hostname;
  const app = createApp({
    ...rest,
    control,
    allowedHosts: [`${own}:${actualPort}`, `localhost:${actualPort}`, ...allowedHosts],
    access: { operatorSecret, viewerSecret },
    openDataset: (path) => DatasetReader.open(path),
    searchEngine: findWorkerUrl === undefined ? undefined : new WorkerSearchEngine(new URL(findWorkerUrl)),
    signal: ending.signal,
  });
  if (findWorkerUrl !== undefined) removeStaleQueryFiles(options.runsDirectory);
  return {
    url: `http://${own}:${actualPort}${options.basePath ? `${options.basePath}/` : ""}`,
    finished: server.finished,
    close: async () => {
      await control?.close();
      ending.abort();
      await server.shutdown();
    },
  };
}

function datasetIdOf(path: string): string {
  const dataset = DatasetReader.open(path);
  try {
    return dataset.id;
  } finally {
    dataset.close();
  }
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function checkSettings({
  hostname = "127.0.0.1",
  operatorSecret,
  viewerSecret,
  basePath = "",
  allowedHosts = [],
  trustedProxies = [],
}: ServeOptions) {
  const refuse = (must: string, more: { received?: unknown; hint?: string } = {}) => {
    throw new SonospeechError("usage", { action: "serve the dashboard", must, ...more });
  };
  if (!isLoopback(hostname) && operatorSecret === undefined) {
    refuse("an address that others can reach must have an operator's secret", {
      received: hostname,
      hint: "give a file with a secret as --operator-secret, or leave --host out",
    });
  }
  if (viewerSecret !== undefined && operatorSecret === undefined) {
    refuse("a viewer's secret must come with an operator's, or everybody is one");
  }
  for (const secret of [operatorSecret, viewerSecret]) {
    if (secret !== undefined && secret.length < shortestSecret) {
      refuse(`a secret must have at least ${shortestSecret} characters`, {
        received: `${secret.length} characters`,
        hint: "make one with: openssl rand -base64 24",
      });
    }
  }
  if (operatorSecret !== undefined && operatorSecret === viewerSecret) {
    refuse("the secrets of operator and viewer must differ");
  }
  const noHost = allowedHosts.find((host) => !/^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/i.test(host));
  if (noHost !== undefined) {
    refuse("a further address must be a host with its port", {
      received: noHost,
      hint: "as sono.example:443",
    });
  }
  const noAddress = trustedProxies.find((address) => isIP(address) === 0);
  if (noAddress !== undefined) {
    refuse("a proxy must be named by its IP address", { received: noAddress, hint: "as 127.0.0.1" });
  }
  if (basePath !== "" && !/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/.test(basePath)) {
    refuse("a base path must begin with a slash and end without one", { received: basePath });
  }
}

type Handler = (
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
) => Response | Promise<Response>;

/** How long a port is left alone after a failure. */
const pauseMilliseconds = 1000;
/** How long answers that have begun are waited for at the end. */
const graceMilliseconds = 3000;

/**
 * A server that lasts until it is shut down. Deno's ends when the system gives it no further connection, which whoever
 * reaches the port brings about by opening enough of them: then all are cut, and it listens again.
 */
class LastingServer {
  readonly port: number;
  readonly finished: Promise<void>;
  readonly #ending = new AbortController();
  readonly #giveUp = Promise.withResolvers<void>();
  #server: Deno.HttpServer<Deno.NetAddr>;
  #connections = new AbortController();

  constructor(hostname: string, port: number, handler: Handler, log: (message: string) => void) {
    const listenAt = (port: number) => listen({ hostname, port, signal: this.#connections.signal }, handler);
    this.#server = listenAt(port);
    this.port = this.#server.addr.port;
    this.finished = Promise.race([this.#last(() => listenAt(this.port), log), this.#giveUp.promise]);
  }

  /** Takes no more connections and waits a while for the answers that have begun: some are never read. */
  async shutdown(): Promise<void> {
    this.#ending.abort();
    const timer = setTimeout(this.#giveUp.resolve, graceMilliseconds);
    const ended = this.#server.shutdown().catch(() => {/* It has failed, and listens no more. */});
    await Promise.race([ended, this.#giveUp.promise]);
    clearTimeout(timer);
  }

  async #last(listenAgain: () => Deno.HttpServer<Deno.NetAddr>, log: (message: string) => void) {
    let hasFailed = false;
    while (!this.#ending.signal.aborted) {
      try {
        if (hasFailed) this.#server = listenAgain();
        return await this.#server.finished;
      } catch {
        hasFailed = true;
        log("The system gives the server no further connection: all are cut, and it listens again.");
      }
      this.#connections.abort();
      this.#connections = new AbortController();
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  }
}

function listen(options: { hostname: string; port: number; signal: AbortSignal }, handler: Handler) {
  const { hostname, port } = options;
  try {
    return Deno.serve({ ...options, onListen: () => {} }, handler);
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrNotAvailable) {
      throw new SonospeechError("environment", {
        action: "serve the dashboard",
        must: "the address must be one of this machine",
        received: hostname,
        cause,
      });
    }
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new SonospeechError("environment", {
      action: "serve the dashboard",
      must: "the port must be free",
      received: port,
      hint: "choose another port with --port",
      cause,
    });
  }
}
