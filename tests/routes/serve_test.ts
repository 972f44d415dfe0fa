import assert from "node:assert/strict";
import { SonospeechError } from "../../mod.ts";
import { startDashboardWorker } from "../../routes/dashboard_worker.ts";
import { serveDashboard, type ServeOptions } from "../../routes/serve.ts";
import { makeFakeRun } from "../helpers/fake_run.ts";

async function withRoot(test: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/static`);
    await Deno.writeTextFile(`${root}/static/index.html`, "<!doctype html><title>t</title>");
    makeFakeRun(root, { steps: 3 });
    await test(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const optionsOf = (root: string) => ({
  runsDirectory: `${root}/runs`,
  staticDirectory: `${root}/static`,
  port: 0,
});

Deno.test("serveDashboard() answers under 127.0.0.1 and localhost, and close() ends open streams", () =>
  withRoot(async (root) => {
    const server = serveDashboard(optionsOf(root));
    const { port } = new URL(server.url);
    for (const host of ["127.0.0.1", "localhost"]) {
      const response = await fetch(`http://${host}:${port}/`);
      assert.equal(response.status, 200);
      await response.body?.cancel();
    }
    const events = await fetch(`${server.url}/api/runs/r1/events`);
    const reading = events.text();
    await server.close();
    assert.ok((await reading).includes("event: state"));
    await server.finished;
  }));

Deno.test("serveDashboard() refuses a port that is taken", () =>
  withRoot(async (root) => {
    const server = serveDashboard(optionsOf(root));
    const port = Number(new URL(server.url).port);
    assert.throws(
      () => serveDashboard({ ...optionsOf(root), port }),
      (error) => error instanceof SonospeechError && error.code === "environment",
    );
    await server.close();
  }));

Deno.test("serveDashboard() refuses an address that others reach without a secret, and secrets that are none", () =>
  withRoot((root) => {
    const operatorSecret = "a long enough secret";
    const refused: [Partial<ServeOptions>, RegExp][] = [
      [{ hostname: "0.0.0.0" }, /must have an operator's secret, received "?0\.0\.0\.0/],
      [{ hostname: "::" }, /must have an operator's secret/],
      [{ hostname: "192.168.1.5", viewerSecret: operatorSecret }, /must have an operator's secret/],
      [{ hostname: "127.0.0.1.evil.example" }, /must have an operator's secret/],
      [{ viewerSecret: operatorSecret }, /must come with an operator's/],
      [{ operatorSecret: "short" }, /at least 12 characters, received "?5 characters/],
      [{ operatorSecret, viewerSecret: operatorSecret }, /must differ/],
      [{ basePath: "x" }, /base path/],
      [{ basePath: "/x/" }, /base path/],
      [{ basePath: "/:run/*" }, /base path/],
      [{ basePath: "/.." }, /base path/],
      [{ basePath: "/a/./b" }, /base path/],
      [{ allowedHosts: ["https://sono.example"] }, /must be a host with its port, received "https/],
      [{ allowedHosts: ["*"] }, /must be a host with its port/],
      [{ trustedProxies: ["proxy.example"] }, /by its IP address, received "proxy\.example"/],
    ];
    for (const [options, message] of refused) {
      assert.throws(
        () => serveDashboard({ ...optionsOf(root), ...options }),
        (error) => error instanceof SonospeechError && error.code === "usage" && message.test(error.message),
      );
    }
    return Promise.resolve();
  }));

Deno.test("serveDashboard() ends though somebody sends nothing more, and somebody else not even a request", () =>
  withRoot(async (root) => {
    const server = serveDashboard(optionsOf(root));
    const { host, hostname, port } = new URL(server.url);
    const half = [
      `GET / HTTP/1.1\r\nHost: ${hostname}`,
      `POST /api/session HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ];
    const connections = await Promise.all(half.map(async (text) => {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(new TextEncoder().encode(text));
      return connection;
    }));
    await (await fetch(`${server.url}/`)).bytes();
    const start = performance.now();
    await server.close();
    await server.finished;
    assert.ok(performance.now() - start < 10_000);
    for (const connection of connections) connection.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }));

Deno.test({
  name: "serveDashboard() outlives more connections than the system allows",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withRoot(async (root) => {
      const script = `import { serveDashboard } from ${
        JSON.stringify(new URL("../../routes/serve.ts", import.meta.url))
      };
        const server = serveDashboard(${JSON.stringify(optionsOf(root))});
        console.log(server.url);
        await server.finished;`;
      const words = ["run", "--no-prompt", "--allow-all", "--quiet", "-"];
      const command = new Deno.Command("sh", {
        args: ["-c", 'ulimit -n 128 && exec "$@"', "sh", Deno.execPath(), ...words],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      });
      const child = command.spawn();
      const stderr = new Response(child.stderr).text();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(script));
      await writer.close();
      const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { hostname, port } = new URL((await output.read()).value!.trim());
      const address = { hostname, port: Number(port) };
      const connections: Deno.TcpConn[] = [];
      const attempt = () => Deno.connect(address).then((one) => connections.push(one), () => null);
      for (let i = 0; i < 200; i++) await attempt();
      let status = 0;
      for (let i = 0; i < 100 && status === 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        status = await fetch(`http://${hostname}:${port}/api/runs`).then(async (response) => {
          await response.body?.cancel();
          return response.status;
        }, () => 0);
      }
      for (const connection of connections) connection.close();
      child.kill("SIGKILL");
      await child.status;
      await output.cancel();
      assert.equal(status, 200);
      assert.match(await stderr, /no further connection/);
    }),
});

Deno.test("serveDashboard() asks for its secret also on this machine, once it has one", () =>
  withRoot(async (root) => {
    const server = serveDashboard({
      ...optionsOf(root),
      operatorSecret: "a long enough secret",
      basePath: "/s",
    });
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/s\/$/);
    const origin = new URL(server.url).origin;
    const enter = async (secret: string) => {
      const response = await fetch(`${server.url}api/session`, {
        method: "POST",
        body: JSON.stringify({ secret }),
        headers: { "content-type": "application/json", origin },
      });
      await response.body?.cancel();
      return response;
    };
    assert.equal((await enter("a wrong secret")).status, 401);
    const cookie = (await enter("a long enough secret")).headers.get("set-cookie")!.split(";")[0];
    for (const [headers, status] of [[{}, 401], [{ cookie }, 200]] as const) {
      const response = await fetch(`${server.url}api/runs`, { headers });
      await response.body?.cancel();
      assert.equal(response.status, status);
    }
    await server.close();
  }));

Deno.test("startDashboardWorker() serves from a worker and tells why it cannot", () =>
  withRoot(async (root) => {
    const worker = await startDashboardWorker(optionsOf(root));
    const { runs } = await (await fetch(`${worker.url}/api/runs`)).json();
    assert.deepEqual(runs.map((run: { name: string }) => run.name), ["r1"]);
    const port = Number(new URL(worker.url).port);
    await assert.rejects(startDashboardWorker({ ...optionsOf(root), port }), /the port must be free/);
    await worker.close();
  }));

Deno.test("startDashboardWorker() keeps a worker's failure to its promise and its log", () =>
  withRoot(async (root) => {
    const workerUrl = new URL(
      `data:text/javascript,setTimeout(() => { throw new Error("broken worker"); }, 0)`,
    );
    const logged: string[] = [];
    const log = (message: string) => void logged.push(message);
    await assert.rejects(startDashboardWorker({ ...optionsOf(root), workerUrl, log }), /broken worker/);
    assert.equal(logged.length, 1);
  }));
