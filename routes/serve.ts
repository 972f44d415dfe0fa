/**
 * Serves the dashboard on this machine alone.
 *
 * @module
 */

import { DatasetReader, SonospeechError } from "../mod.ts";
import { createApp } from "./app.ts";

/** Where the dashboard is served and what it shows. */
export interface ServeOptions {
  runsDirectory: string;
  /** Folder with the built dashboard. */
  staticDirectory: string;
  /** 0 takes any free port. */
  port: number;
  hostname?: "127.0.0.1";
  /** Further hosts with port that requests may be addressed to, as `localhost:9000` of a forwarded port. */
  allowedHosts?: readonly string[];
  log?: (message: string) => void;
}

/** A dashboard that is being served. */
export interface DashboardServer {
  /** As `http://127.0.0.1:8000`. */
  url: string;
  /** Ends the live streams, then the server. */
  close(): Promise<void>;
  /** Settles when the server has ended. */
  finished: Promise<void>;
}

/**
 * Starts the dashboard's server on the loopback address.
 *
 * @throws SonospeechError `environment` when the port is taken.
 */
export function serveDashboard(options: ServeOptions): DashboardServer {
  const { hostname = "127.0.0.1", port, allowedHosts = [], ...rest } = options;
  const ending = new AbortController();
  const server = listen(hostname, port, (request) => app.fetch(request));
  const actualPort = server.addr.port;
  const app = createApp({
    ...rest,
    allowedHosts: [`${hostname}:${actualPort}`, `localhost:${actualPort}`, ...allowedHosts],
    openDataset: (path) => DatasetReader.open(path),
    signal: ending.signal,
  });
  return {
    url: `http://${hostname}:${actualPort}`,
    finished: server.finished,
    close: async () => {
      ending.abort();
      await server.shutdown();
    },
  };
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Response | Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, handler);
  } catch (cause) {
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
