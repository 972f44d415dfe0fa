/** The files of `service` before the programs that read them: systemd, and nginx and Caddy with a dashboard behind. */

import assert from "node:assert/strict";
import { request } from "node:https";
import type { IncomingMessage } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { serviceFiles } from "../../lib/service/service_files.ts";
import type { ServiceSettings } from "../../lib/service/service_settings.ts";
import { makeFakeRun, stepEvent } from "../helpers/fake_run.ts";
import { findTool } from "../helpers/system_tools.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const tools = {
  systemd: findTool("systemd-analyze", "--version"),
  openssl: findTool("openssl", "version"),
  nginx: findTool("nginx", "-v"),
  caddy: findTool("caddy", "version"),
};

/** Says in a test's name what this machine lacks for it. */
function needing(name: string, ...names: (keyof typeof tools)[]) {
  const missing = names.filter((one) => tools[one] === null);
  const reason = missing.length > 0 ? ` (ignored: no ${missing.join(", ")} on this machine)` : "";
  return { name: name + reason, ignore: missing.length > 0 };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function succeed(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, `${program} ${args.join(" ")}\n${said}`);
  return said;
}

/** A folder with a run, a secret, a certificate and the service's files. */
async function makeService(changed: Partial<ServiceSettings> = {}) {
  const folder = await Deno.makeTempDir();
  const run = makeFakeRun(folder, { steps: 30, hasPace: false });
  const settings: ServiceSettings = {
    program: join(root, "run"),
    runs: run.runsDirectory,
    data: join(folder, "data"),
    user: "root",
    secret: join(folder, "secret"),
    port: freePort(),
    hostName: "localhost",
    tlsPort: freePort(),
    basePath: "/sono",
    certificate: join(folder, "certificate.pem"),
    key: join(folder, "key.pem"),
    ...changed,
  };
  for (const [name, text] of serviceFiles(settings, { seconds: 1, sizeBytes: 1e8 })) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  await Deno.writeTextFile(settings.secret, "what only operators know", { mode: 0o600 });
  const dispose = () => Deno.remove(folder, { recursive: true });
  return { folder, settings, run, [Symbol.asyncDispose]: dispose };
}

type Service = Awaited<ReturnType<typeof makeService>>;

async function makeCertificate({ settings }: Service): Promise<void> {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", settings.key, "-out", settings.certificate];
  await succeed(
    tools.openssl!,
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    ...subject,
    ...files,
  );
}

/** nginx's own settings around the snippet, with all its files below the folder. */
async function writeNginxSettings({ folder }: Service): Promise<string> {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/nginx-${name};`).join(" ");
  const file = join(folder, "nginx.conf");
  await Deno.writeTextFile(
    file,
    `user root; daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
events {} http { access_log off; ${paths} include ${folder}/nginx-sonospeech.conf; }`,
  );
  return file;
}

/** Caddy's own settings around the snippet: it shall not listen at further ports. */
async function writeCaddySettings({ folder }: Service): Promise<string> {
  const file = join(folder, "Caddyfile.whole");
  const snippet = await Deno.readTextFile(join(folder, "Caddyfile"));
  await Deno.writeTextFile(
    file,
    `{\n\tadmin off\n\tauto_https disable_redirects\n\tgrace_period 1s\n}\n${snippet}`,
  );
  return file;
}

Deno.test({
  ...needing("service units are accepted by systemd-analyze verify and expose little", "systemd"),
  fn: async () => {
    await using service = await makeService();
    for (const name of ["sonospeech.service", "sonospeech-train@.service"]) {
      // A template is verified as one of its instances.
      const unit = join(service.folder, name.replace("@", "@first"));
      if (name.includes("@")) await Deno.rename(join(service.folder, name), unit);
      assert.equal(
        (await succeed(tools.systemd!, "verify", "--man=no", "--recursive-errors=no", unit)).trim(),
        "",
      );
      // From 0 for what can do nothing to 10; a unit without any of these lines has 9.6.
      await succeed(tools.systemd!, "security", "--offline=true", "--no-pager", "--threshold=25", unit);
      const text = await Deno.readTextFile(unit);
      await Deno.writeTextFile(unit, text.replace("NoNewPrivileges", "NoNewPrivilege"));
      await assert.rejects(async () =>
        assert.equal(
          await succeed(tools.systemd!, "verify", "--man=no", "--recursive-errors=no", unit),
          "",
          "an unknown line is told",
        )
      );
    }
  },
});

Deno.test({
  ...needing("service settings are accepted by nginx -t", "nginx", "openssl"),
  fn: async () => {
    await using service = await makeService();
    await makeCertificate(service);
    const file = await writeNginxSettings(service);
    await succeed(tools.nginx!, "-t", "-e", "stderr", "-p", service.folder, "-c", file);
    await Deno.writeTextFile(join(service.folder, "nginx-sonospeech.conf"), "server { listem 1; }");
    await assert.rejects(succeed(tools.nginx!, "-t", "-e", "stderr", "-p", service.folder, "-c", file));
  },
});

Deno.test({
  ...needing("service settings are accepted by caddy validate", "caddy", "openssl"),
  fn: async () => {
    await using service = await makeService();
    await makeCertificate(service);
    const file = join(service.folder, "Caddyfile");
    await succeed(tools.caddy!, "validate", "--adapter", "caddyfile", "--config", file);
    await Deno.writeTextFile(file, "localhost { reverse_prixy x }");
    await assert.rejects(succeed(tools.caddy!, "validate", "--adapter", "caddyfile", "--config", file));
  },
});

/** Starts a program, waits until `isReady`, and ends it afterwards. */
async function started(
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  env: Record<string, string> = {},
) {
  const child = new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  })
    .spawn();
  const said = new Response(child.stderr).text();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const stop = async () => {
    if (!hasEnded) child.kill("SIGTERM");
    await child.status;
    return await said;
  };
  while (!await isReady()) {
    if (hasEnded) throw new Error(`${program} ended: ${await stop()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { [Symbol.asyncDispose]: async () => void await stop() };
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** The command of the unit as systemd would start it. */
async function startDashboard({ folder, settings }: Service) {
  const unit = (await Deno.readTextFile(join(folder, "sonospeech.service"))).replaceAll("\\\n", " ");
  const [program, ...args] = unit.match(/^ExecStart=(.*)$/m)![1].split(/ +/)
    .map((word) => word.replace("%d/operator-secret", settings.secret));
  return await started(program, args, () => isListening(settings.port));
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Asks the proxy over TLS, whose certificate is checked. */
async function ask(
  { settings }: Service,
  path: string,
  { method = "GET", headers = {}, body }: Asked = {},
): Promise<IncomingMessage> {
  const ca = await Deno.readTextFile(settings.certificate);
  return await new Promise((resolve, reject) => {
    const options = { host: "localhost", family: 4, port: settings.tlsPort, path, method, headers, ca };
    const asking = request(options, resolve);
    asking.on("error", reject);
    asking.end(body);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) text += chunk;
  return text;
}

/** Everything that a browser does with the dashboard: pages, signing in, events as they happen. */
async function assertProxied(service: Service): Promise<void> {
  const { settings, run } = service;
  const origin = `https://localhost:${settings.tlsPort}`;
  const redirect = await ask(service, "/sono");
  assert.deepEqual([redirect.statusCode, redirect.headers.location?.replace(origin, "")], [308, "/sono/"]);
  redirect.resume();
  const page = await ask(service, "/sono/");
  assert.match(await textOf(page), /<!doctype html>/i);
  assert.match(String(page.headers["content-security-policy"]), /default-src 'self'/);
  assert.match(String(page.headers["strict-transport-security"]), /max-age=\d+/);
  const refused = await ask(service, "/sono/api/runs");
  assert.equal(refused.statusCode, 401);
  refused.resume();

  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ secret: "what only operators know" });
  const foreign = { ...json, origin: "https://attacker.example" };
  const stranger = await ask(service, "/sono/api/session", { method: "POST", headers: foreign, body });
  assert.equal(stranger.statusCode, 403);
  stranger.resume();
  const forged = { ...json, origin: "https://attacker.example", "x-forwarded-host": "attacker.example" };
  const forger = await ask(service, "/sono/api/session", { method: "POST", headers: forged, body });
  assert.equal(forger.statusCode, 403, "a proxy overwrites what a client says of itself");
  forger.resume();
  const signedIn = await ask(service, "/sono/api/session", {
    method: "POST",
    headers: { ...json, origin },
    body,
  });
  assert.equal(signedIn.statusCode, 200);
  const [setCookie] = signedIn.headers["set-cookie"]!;
  assert.match(setCookie, /; Path=\/sono\/;/);
  assert.match(setCookie, /; Secure/);
  signedIn.resume();
  const headers = { cookie: setCookie.split(";")[0] };
  const runs = JSON.parse(await textOf(await ask(service, "/sono/api/runs", { headers })));
  assert.deepEqual(runs.runs.map(({ name }: { name: string }) => name), ["r1"]);

  const events = await ask(service, "/sono/api/runs/r1/events", { headers });
  let text = "", isAppended = false;
  for await (const chunk of events.setEncoding("utf8")) {
    text += chunk;
    if (!isAppended && /"step":30\b/.test(text)) {
      isAppended = true;
      using store = MetricStore.open(`${run.folder}/metrics.sqlite`);
      store.append(stepEvent(31));
      store.flush();
    }
    // It comes while the answer goes on, or never.
    if (/"step":31\b/.test(text)) break;
  }
  assert.match(text, /"step":31\b/);
  events.destroy();
}

Deno.test({
  ...needing(
    "dashboard works behind nginx: TLS, base path, signing in, events as they happen",
    "nginx",
    "openssl",
  ),
  fn: async () => {
    await using service = await makeService();
    await makeCertificate(service);
    const args = ["-e", "stderr", "-p", service.folder, "-c", await writeNginxSettings(service)];
    await using _dashboard = await startDashboard(service);
    await using _proxy = await started(tools.nginx!, args, () => isListening(service.settings.tlsPort));
    await assertProxied(service);
  },
});

Deno.test({
  ...needing(
    "dashboard works behind Caddy: TLS, base path, signing in, events as they happen",
    "caddy",
    "openssl",
  ),
  fn: async () => {
    await using service = await makeService();
    await makeCertificate(service);
    const args = ["run", "--adapter", "caddyfile", "--config", await writeCaddySettings(service)];
    await using _dashboard = await startDashboard(service);
    const env = { HOME: service.folder, XDG_DATA_HOME: service.folder, XDG_CONFIG_HOME: service.folder };
    await using _proxy = await started(tools.caddy!, args, () => isListening(service.settings.tlsPort), env);
    await assertProxied(service);
  },
});
