/**
 * Nobody gets in without the secret: the server refuses to start open to others, and asks those who come.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ProgramStarter } from "./program_starter.ts";
import { type RawRequest, rawRequest } from "./raw_request.ts";
import { type Finding, finding, findingsOf, type SecurityCheck } from "./security_check.ts";
import { freePort, serveForAWhile } from "./served_dashboard.ts";

/** What gets people in. */
export interface Secrets {
  operator: string;
  viewer: string;
}

/** Checks how `serve` starts, and whom it lets in. */
export async function checkAccess(starter: ProgramStarter): Promise<SecurityCheck> {
  const findings = await findingsOf("serve with secrets", "it starts", async () => {
    const secrets = {
      operator: randomBytes(18).toString("base64"),
      viewer: randomBytes(18).toString("base64"),
    };
    for (const [name, secret] of Object.entries(secrets)) {
      await Deno.writeTextFile(join(starter.folder, name), secret, { mode: 0o600 });
    }
    const started = await startFindings(starter);
    const options = [
      "--operator-secret",
      "operator",
      "--viewer-secret",
      "viewer",
      "--trust-proxy",
      "127.0.0.1",
    ];
    await using server = await serveForAWhile(starter, options);
    return [...started, ...await accessFindings(server.port, secrets)];
  });
  return {
    id: "access",
    title: "Nobody gets in without the secret",
    method:
      "serve was started with its own permissions and secrets made for this, and asked over its socket.",
    findings,
  };
}

/** Starts that must be refused. */
async function startFindings(starter: ProgramStarter): Promise<Finding[]> {
  const start = async (what: string, ...options: string[]) => {
    const words = ["serve", "--runs", "runs", "--port", String(freePort()), ...options];
    const { code } = await starter.run(await starter.commandLine(words));
    return finding(what, "refused, exit code 2", code === 2 ? "refused, exit code 2" : `exit code ${code}`);
  };
  const findings = [await start("an address that others can reach, without a secret", "--host", "0.0.0.0")];
  if (Deno.build.os === "windows") return findings;
  const readable = join(starter.folder, "readable");
  await Deno.writeTextFile(readable, "a secret that others can read", { mode: 0o644 });
  await Deno.chmod(readable, 0o644);
  findings.push(await start("a secret in a file that others can read", "--operator-secret", "readable"));
  return findings;
}

/** Asks a dashboard that has both secrets and trusts 127.0.0.1 as a proxy. */
export async function accessFindings(port: number, secrets: Secrets): Promise<Finding[]> {
  const origin = `http://127.0.0.1:${port}`;
  const ask = (request: RawRequest) => rawRequest(port, request);
  const status = async (what: string, must: number, request: RawRequest) =>
    finding(what, must, (await ask(request)).status);
  const signIn = (secret: string, headers: Record<string, string> = {}) =>
    ask({ path: "/api/session", method: "POST", headers: { origin, ...headers }, body: { secret } });
  const runs = "/api/runs";
  const without = await status("without a session", 401, { path: runs });
  const invented = await status("with a session that somebody made up", 401, {
    path: runs,
    headers: { cookie: "sonospeech_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
  });

  const operator = await signIn(secrets.operator);
  const setCookie = operator.headers.get("set-cookie") ?? "";
  const cookie = setCookie.split(";")[0];
  const secure = await signIn(secrets.operator, {
    "x-forwarded-proto": "https",
    origin: `https://127.0.0.1:${port}`,
  });
  const viewer = await signIn(secrets.viewer);
  const viewerHeaders = {
    cookie: (viewer.headers.get("set-cookie") ?? "").split(";")[0],
    "x-csrf-token": csrfTokenOf(viewer.body),
  };
  const change = (headers: Record<string, string>): RawRequest => (
    { path: "/api/runs/none", method: "DELETE", headers: { origin, ...headers } }
  );
  const findings = [
    without,
    invented,
    finding("the operator's secret", 200, operator.status),
    attributes("the session's cookie", setCookie, ["HttpOnly", "SameSite=Strict", "Path=/"]),
    attributes("the cookie behind a proxy with TLS", secure.headers.get("set-cookie") ?? "", [
      "HttpOnly",
      "Secure",
    ]),
    await status("with the session", 200, { path: runs, headers: { cookie } }),
    await status("a change with the cookie alone", 403, change({ cookie })),
    finding("the viewer's secret", 200, viewer.status),
    await status("a viewer's change", 403, change(viewerHeaders)),
    await status("signing out", 200, {
      path: "/api/session",
      method: "DELETE",
      headers: { origin, cookie, "x-csrf-token": csrfTokenOf(operator.body) },
    }),
    await status("with the session after signing out", 401, { path: runs, headers: { cookie } }),
  ];
  const wrong: number[] = [];
  for (let i = 0; i < 6; i++) wrong.push((await signIn(`not the secret ${i}`)).status);
  return [
    ...findings,
    finding("a wrong secret, five times", "401 401 401 401 401", wrong.slice(0, 5).join(" ")),
    finding("once more: guessing is slowed down", 429, wrong[5]),
  ];
}

function attributes(what: string, cookie: string, wanted: readonly string[]): Finding {
  const [, ...given] = cookie.split(/; */);
  const holds = wanted.every((one) => given.some((other) => other.toLowerCase() === one.toLowerCase()));
  // The value is a secret.
  return { what, must: wanted.join(", "), found: given.join(", ") || "none", holds };
}

/** The answer may come in chunks, so it is searched and not parsed. */
function csrfTokenOf(body: string): string {
  return body.match(/"csrfToken":"([^"]+)"/)?.[1] ?? "";
}
