/**
 * Serves the dashboard: on this machine alone, or on a network to who knows a secret.
 *
 * @module
 */

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
  const server = listen(
    hostname,
    port,
    (request, { remoteAddr }) => app.fetch(request, { remoteAddress: remoteAddr.hostname }),
  );
  const actualPort = server.addr.port;
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

function checkSettings(
  { hostname = "127.0.0.1", operatorSecret, viewerSecret, basePath = "" }: ServeOptions,
) {
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
  if (basePath !== "" && !/^(\/[A-Za-z0-9._~-]+)+$/.test(basePath)) {
    refuse("a base path must begin with a slash and end without one", { received: basePath });
  }
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
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
