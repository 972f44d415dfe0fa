/**
 * The dashboard answers this machine and its own pages alone: real requests, as another site's page or another name
 * for this address would make a browser send them.
 *
 * @module
 */

import type { ProgramStarter } from "./program_starter.ts";
import { type RawRequest, rawRequest } from "./raw_request.ts";
import { type Finding, finding, findingsOf, notTried, type SecurityCheck } from "./security_check.ts";
import { serveForAWhile } from "./served_dashboard.ts";

/** Checks the dashboard as `serve` starts it. */
export async function checkServer(starter: ProgramStarter): Promise<SecurityCheck> {
  const findings = await findingsOf("serve", "it starts", async () => {
    await using server = await serveForAWhile(starter, []);
    return [...await listeningFindings(starter, server.port), ...await serverFindings(server.port)];
  });
  return {
    id: "server",
    title: "The dashboard answers this machine alone",
    method:
      "serve was started with its own permissions and asked over its socket, each header written by hand.",
    findings,
  };
}

/** Where the kernel says that somebody listens at the port. */
async function listeningFindings(starter: ProgramStarter, port: number): Promise<Finding[]> {
  const [what, must] = ["addresses at which it listens", "127.0.0.1"];
  if (Deno.build.os !== "linux") return [notTried(what, must, "only Linux tells it in /proc/net")];
  const tables = await starter.succeed(["cat", "/proc/net/tcp", "/proc/net/tcp6"]);
  return [finding(what, must, listeningAddresses(tables, port).join(", ") || "none")];
}

/** The addresses at which a port is listened at, from `/proc/net/tcp` and `tcp6`. */
export function listeningAddresses(tables: string, port: number): string[] {
  const listening = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm;
  return [...tables.matchAll(listening)].filter(([, , hex]) => parseInt(hex, 16) === port)
    .map(([, address]) => readableAddress(address));
}

/** The kernel writes IPv4 addresses as one number, here with its lowest byte first. */
function readableAddress(hex: string): string {
  if (hex.length !== 8) return /^0+$/.test(hex) ? "::" : hex;
  return [...hex.matchAll(/../g)].map(([byte]) => parseInt(byte, 16)).reverse().join(".");
}

/** Asks a dashboard that asks for no secret. */
export async function serverFindings(port: number): Promise<Finding[]> {
  const own = `http://127.0.0.1:${port}`;
  const status = async (what: string, must: number, request: RawRequest) =>
    finding(what, must, (await rawRequest(port, request)).status);
  const page = await rawRequest(port, { path: "/" });
  const policy = page.headers.get("content-security-policy") ?? "";
  return [
    finding("its page, asked under its own address", 200, page.status),
    {
      what: "the page's policy",
      must: "nothing is loaded from elsewhere: default-src 'self'",
      found: policy || "none",
      holds: policy.split(/; */).includes("default-src 'self'") && !/https?:|\*/.test(policy),
    },
    await status("another name for this address (DNS rebinding)", 403, {
      path: "/api/runs",
      headers: { host: `attacker.example:${port}` },
    }),
    await status("the right name with another port", 403, {
      path: "/api/runs",
      headers: { host: "127.0.0.1:1" },
    }),
    await status("a request from another site's page", 403, {
      path: "/api/runs",
      headers: { origin: "https://attacker.example" },
    }),
    await status("a picture or script that another site's page includes", 403, {
      path: "/api/runs",
      headers: { "sec-fetch-site": "cross-site" },
    }),
    await status("a proxy's headers from who is no proxy of ours", 403, {
      path: "/api/runs",
      headers: { host: "attacker.example", "x-forwarded-host": `127.0.0.1:${port}` },
    }),
    await status("a change that names no page", 403, { path: "/api/runs/none", method: "DELETE" }),
    await status("a change by its own page, without the session's token", 403, {
      path: "/api/runs/none",
      method: "DELETE",
      headers: { origin: own },
    }),
  ];
}
