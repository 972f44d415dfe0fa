import assert from "node:assert/strict";
import { resolveRunConfig } from "../../../lib/config.ts";
import { buildTrainingGraph } from "../../../lib/models/train_graph.ts";
import {
  checkpointBytes,
  largestCheckpointBytes,
  measureCheckpoint,
  stopSeconds,
} from "../../../lib/service/checkpoint_time.ts";
import { serviceFiles } from "../../../lib/service/service_files.ts";
import type { ServiceSettings } from "../../../lib/service/service_settings.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import { initializeParameters } from "../../../lib/tensor/parameters.ts";

const settings: ServiceSettings = {
  program: "/usr/local/bin/sonospeech",
  runs: "/srv/sono runs",
  data: "/srv/data",
  user: "sono",
  secret: "/etc/sono/secret",
  port: 8601,
  hostName: "sono.example",
  tlsPort: 443,
  basePath: "/sono",
  certificate: "/etc/ssl/sono.pem",
  key: "/etc/ssl/sono.key",
};
const measured = { seconds: 2, sizeBytes: 1e8 };
const file = (name: string, changed: Partial<ServiceSettings> = {}) =>
  serviceFiles({ ...settings, ...changed }, measured).get(name)!;

Deno.test("serviceFiles() lets units write to the runs' folder alone", () => {
  for (const name of ["sonospeech.service", "sonospeech-train@.service"]) {
    const unit = file(name);
    assert.deepEqual(unit.match(/^ReadWritePaths=.*$/gm), ['ReadWritePaths="/srv/sono runs"']);
    for (
      const line of ["NoNewPrivileges=yes", "PrivateTmp=yes", "ProtectSystem=strict", "IPAddressDeny=any"]
    ) {
      assert.ok(unit.split("\n").includes(line), `${name}: ${line}`);
    }
    assert.doesNotMatch(unit, /^MemoryDenyWriteExecute/m);
    // A home may be out of sight: what is kept from one start to the next lies in the cache folder.
    assert.match(unit, /^Environment=SONOSPEECH_HOME=%C\/sono XDG_CACHE_HOME=%C\/sono$/m);
    assert.match(unit, /^CacheDirectory=sono$/m);
  }
});

Deno.test("serviceFiles() gives the network to the dashboard alone, and graphics cards to trainings alone", () => {
  const [dashboard, training] = [file("sonospeech.service"), file("sonospeech-train@.service")];
  assert.match(dashboard, /^IPAddressAllow=localhost$/m);
  assert.match(dashboard, /^PrivateDevices=yes$/m);
  assert.match(training, /^PrivateNetwork=yes$/m);
  assert.doesNotMatch(training, /IPAddressAllow|AF_INET/);
  for (const device of ["char-drm rw", "char-nvidia\\* rw"]) {
    assert.match(training, new RegExp(`^DeviceAllow=${device}$`, "m"));
  }
});

Deno.test("serviceFiles() shows homes only where something lies in one", () => {
  assert.match(file("sonospeech.service"), /^ProtectHome=yes$/m);
  assert.match(file("sonospeech.service", { runs: "/home/anna/runs" }), /^ProtectHome=read-only$/m);
  assert.match(file("sonospeech-train@.service", { data: "/home/anna/data" }), /^ProtectHome=read-only$/m);
});

Deno.test("serviceFiles() has every group made that its units name", () => {
  const groups = file("sonospeech-train@.service").match(/^SupplementaryGroups=(.*)$/m)![1].split(" ");
  for (const group of groups) assert.match(file("INSTALL.txt"), new RegExp(`for group in .*\\b${group}\\b`));
});

Deno.test("serviceFiles() says in INSTALL.txt where the files lie that units and proxies read", () => {
  const text = file("INSTALL.txt");
  for (const path of [settings.certificate, settings.key, settings.secret, "/etc/sono/train-first.env"]) {
    assert.ok(text.includes(path), path);
  }
  const training = file("sonospeech-train@.service");
  assert.match(training, /^EnvironmentFile=-\/etc\/sono\/train-%i\.env$/m);
  assert.match(training, /^ExecStart=.* --run "\/srv\/sono runs\/%i" \$TRAIN_OPTIONS$/m);
});

Deno.test("serviceFiles() names the port of the proxy to the dashboard unless it is the usual one", () => {
  assert.match(file("sonospeech.service"), /--allow-host sono\.example --/);
  assert.match(file("sonospeech.service", { tlsPort: 8443 }), /--allow-host sono\.example:8443 --/);
});

Deno.test("serviceFiles() refuses what would mean something else in one of the files", () => {
  const wrong: Partial<ServiceSettings>[] = [
    ...['/a"b', "/a\nb", "/a%ib", "/a$b", "/a{b", "/a;b", "/a\\b", "relative", ""].flatMap((
      path,
    ) => [{ runs: path }, { data: path }, { program: path }, { secret: path }, { key: path }, {
      certificate: path,
    }]),
    ...["Root", "a b", "", "a;b"].map((user) => ({ user })),
    ...["", "a b", "a;b", "a/b", "*.example"].map((hostName) => ({ hostName })),
    ...["", "/", "sono", "/sono/", "/so no", "/{x}"].map((basePath) => ({ basePath })),
  ];
  for (const changed of wrong) {
    const [name] = Object.keys(changed);
    assert.throws(() => serviceFiles({ ...settings, ...changed }, measured), {
      name: "SonospeechError",
      code: "usage",
      message: new RegExp(`${name} must`),
    }, JSON.stringify(changed));
  }
});

Deno.test("stopSeconds() is longer than a checkpoint takes, in whole minutes", () => {
  for (const seconds of [0, 0.1, 5, 60, 1000]) {
    assert.ok(stopSeconds({ seconds }) >= 10 * seconds + 300);
    assert.equal(stopSeconds({ seconds }) % 60, 0);
  }
  assert.match(file("sonospeech-train@.service"), /^TimeoutStopSec=360$/m);
});

Deno.test("checkpointBytes() is the size of the checkpoint that a training writes", async () => {
  const config = resolveRunConfig({ file: { preset: "tiny" } });
  const graph = buildTrainingGraph(config);
  const nodes = [
    graph.objective,
    ...graph.stateUpdates.flatMap(({ parameter, value }) => [parameter, value]),
  ];
  const executor = await createExecutor("cpu");
  try {
    const program = await executor.compileTraining(graph, initializeParameters(nodes, 1));
    const state = [...(await program.readState()).values()];
    program.dispose();
    assert.equal(checkpointBytes("tiny"), state.reduce((sum, { data }) => sum + data.byteLength, 0));
  } finally {
    await executor.dispose();
  }
});

Deno.test("largestCheckpointBytes() is that of the preset with most parameters", () => {
  const sizes = (["tiny", "small", "paper"] as const).map(checkpointBytes);
  assert.equal(largestCheckpointBytes(), Math.max(...sizes));
  assert.ok(Math.min(...sizes) < Math.max(...sizes));
});

Deno.test("measureCheckpoint() writes all bytes, tells how far it is, and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const written: number[] = [];
    const sizes: number[] = [];
    const onWritten = (bytes: number) => {
      written.push(bytes);
      const [{ name }] = [...Deno.readDirSync(folder)];
      sizes.push(Deno.statSync(`${folder}/${name}`).size);
    };
    const { seconds, sizeBytes } = await measureCheckpoint(folder, 9e6, { onWritten });
    assert.ok(seconds > 0);
    assert.equal(sizeBytes, 9e6);
    assert.deepEqual(written, [4e6, 8e6, 9e6]);
    assert.deepEqual(sizes, written, "what is told is on the disk");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("measureCheckpoint() stops between two pieces and leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const stop = new AbortController();
    const reason = new Error("stopped");
    let last = 0;
    const onWritten = (bytes: number) => {
      last = bytes;
      stop.abort(reason);
    };
    await assert.rejects(measureCheckpoint(folder, 1e9, { signal: stop.signal, onWritten }), reason);
    assert.equal(last, 4e6);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
