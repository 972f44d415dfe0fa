import assert from "node:assert/strict";
import { accessFindings } from "../../../lib/selftest/access_check.ts";
import { parseResponse } from "../../../lib/selftest/raw_request.ts";
import type { Finding } from "../../../lib/selftest/security_check.ts";
import { listeningAddresses, serverFindings } from "../../../lib/selftest/server_check.ts";
import { serveDashboard, type ServeOptions } from "../../../routes/serve.ts";

const secrets = { operator: "the operator's secret", viewer: "the viewer's secret" };

/** A dashboard over an empty folder, at any free port. */
async function withDashboard(
  options: Partial<ServeOptions>,
  test: (port: number) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/index.html`, "<!doctype html>");
  const server = serveDashboard({
    runsDirectory: folder,
    staticDirectory: folder,
    port: 0,
    mayWrite: true,
    log: () => {},
    ...options,
  });
  try {
    await test(Number(new URL(server.url).port));
  } finally {
    await server.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** A server that lets everybody do everything. */
async function withLaxServer(test: (port: number) => Promise<void>): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("{}", { headers: { "set-cookie": "sonospeech_session=x" } }),
  );
  try {
    await test(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

function broken(findings: readonly Finding[]): string[] {
  return findings.filter(({ holds }) => !holds).map(({ what, found }) => `${what}: ${found}`);
}

Deno.test("serverFindings() finds nothing wrong with our server", () =>
  withDashboard({}, async (port) => assert.deepEqual(broken(await serverFindings(port)), [])));

Deno.test("serverFindings() finds every refusal missing in a server that answers all", () =>
  withLaxServer(async (port) => {
    const findings = await serverFindings(port);
    const [page, ...others] = findings;
    assert.equal(page.holds, true);
    assert.deepEqual(others.filter(({ holds }) => holds), []);
  }));

Deno.test("serverFindings() finds a server that answers under another name", () =>
  withDashboard({ trustedProxies: ["127.0.0.1"] }, async (port) => {
    assert.deepEqual(broken(await serverFindings(port)), [
      "a proxy's headers from who is no proxy of ours: 200",
    ]);
  }));

Deno.test("accessFindings() finds nothing wrong with our server", () =>
  withDashboard(
    { operatorSecret: secrets.operator, viewerSecret: secrets.viewer, trustedProxies: ["127.0.0.1"] },
    async (port) => assert.deepEqual(broken(await accessFindings(port, secrets)), []),
  ));

Deno.test("accessFindings() finds a server that asks for nothing", () =>
  withLaxServer(async (port) => {
    const holding = (await accessFindings(port, secrets)).filter(({ holds }) => holds).map(({ what }) =>
      what
    );
    assert.deepEqual(holding, [
      "the operator's secret",
      "with the session",
      "the viewer's secret",
      "signing out",
    ]);
  }));

Deno.test("accessFindings() finds viewers that may do what operators do", () =>
  withDashboard(
    { operatorSecret: secrets.operator, viewerSecret: secrets.viewer, trustedProxies: ["127.0.0.1"] },
    async (port) => {
      const confused = await accessFindings(port, { operator: secrets.operator, viewer: secrets.operator });
      const [change, ...others] = broken(confused);
      assert.match(change, /^a viewer's change: 4/);
      assert.deepEqual(others, []);
    },
  ));

Deno.test("accessFindings() never shows a session's token", () =>
  withDashboard(
    { operatorSecret: secrets.operator, viewerSecret: secrets.viewer, trustedProxies: ["127.0.0.1"] },
    async (port) => assert.doesNotMatch(JSON.stringify(await accessFindings(port, secrets)), /session=[^A]/),
  ));

Deno.test("listeningAddresses() reads the kernel's tables", () => {
  const tables = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:2198 00000000:0000 0A 00000000:00000000
   1: 0100007F:2198 0100007F:9C40 01 00000000:00000000
   2: 00000000:2199 00000000:0000 0A 00000000:00000000
   0: 00000000000000000000000000000000:2199 00000000000000000000000000000000:0000 0A 00000000:00000000
`;
  assert.deepEqual(listeningAddresses(tables, 8600), ["127.0.0.1"]);
  assert.deepEqual(listeningAddresses(tables, 8601), ["0.0.0.0", "::"]);
  assert.deepEqual(listeningAddresses(tables, 8602), []);
});

Deno.test("parseResponse() keeps several headers of one name and refuses what is no HTTP", () => {
  const { status, headers, body } = parseResponse(
    "HTTP/1.1 403 No\r\nset-cookie: a\r\nx: b\r\nx: c\r\n\r\nhi",
  );
  assert.deepEqual([status, headers.get("set-cookie"), headers.get("x"), body], [403, "a", "b, c", "hi"]);
  for (const text of ["", "hello", "HTTP/2 200\r\n\r\n"]) {
    assert.throws(() => parseResponse(text), /one of HTTP/);
  }
});
