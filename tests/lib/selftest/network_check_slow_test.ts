/** Real programs under observation, in a network of their own where the system gives one, and by their sockets. @module */

import assert from "node:assert/strict";
import { appPaths } from "../../../lib/app_paths.ts";
import { checkNetwork } from "../../../lib/selftest/network_check.ts";
import { findWay, type ObservationWay } from "../../../lib/selftest/network_observation.ts";
import { ProgramStarter } from "../../../lib/selftest/program_starter.ts";
import { outcomeOf } from "../../../lib/selftest/security_check.ts";

const linuxOnly = { ignore: Deno.build.os !== "linux" };

async function withStarter(test: (starter: ProgramStarter) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(new ProgramStarter(appPaths(), folder, new AbortController().signal));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A command that runs a script with the permission to use the network. */
async function scriptCommand(starter: ProgramStarter, script: string) {
  const file = `${starter.folder}/command.js`;
  await Deno.writeTextFile(file, script);
  const line = starter.scriptLine(file, ["--allow-net", "--allow-read"], [`${starter.folder}/sockets.log`]);
  return [["a command", () => Promise.resolve(line)]] as Parameters<typeof checkNetwork>[1];
}

/** Connects to itself, where it can, and stays until it was noticed. */
const talker = `const { args: [log] } = Deno;
const l = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const c = await Deno.connect({ hostname: "127.0.0.1", port: l.addr.port }).catch(() => null);
while (c && Deno.statSync(log).size === 0) await new Promise((resolve) => setTimeout(resolve, 20));
c?.close(); l.close();`;

for (const kind of ["namespace", "sockets"] as const) {
  Deno.test({
    name: `checkNetwork() by ${kind} passes a silent command, and fails one that connects`,
    ...linuxOnly,
    fn: () =>
      withStarter(async (starter) => {
        const best = await findWay(starter);
        if (kind === "namespace" && best?.kind !== "namespace") {
          console.log("  not tried: this system gives no network namespaces");
          return;
        }
        const way = kind === "namespace" ? best : { kind } satisfies ObservationWay;
        const silent = await checkNetwork(starter, await scriptCommand(starter, "console.log(1 + 1)"), way);
        assert.equal(outcomeOf(silent), "passed", JSON.stringify(silent.findings));
        assert.ok(
          silent.findings.filter(({ what, holds }) => what.startsWith("control") && holds).length > 0,
        );
        const loud = await checkNetwork(starter, await scriptCommand(starter, talker), way);
        const [command, ...controls] = loud.findings;
        assert.equal(command.holds, false, JSON.stringify(command));
        assert.ok(controls.every(({ holds }) => holds));
      }),
  });
}

Deno.test("checkNetwork() fails when a command fails, for then nothing was shown", () =>
  withStarter(async (starter) => {
    const check = await checkNetwork(starter, await scriptCommand(starter, "Deno.exit(3)"));
    if (Deno.build.os !== "linux") return assert.equal(outcomeOf(check), "not made");
    assert.match(check.findings[0].found, /^it ended with 3/);
    assert.equal(outcomeOf(check), "failed");
  }));

Deno.test("checkNetwork() says so where it cannot observe", () =>
  withStarter(async (starter) => {
    const check = await checkNetwork(starter, [], null);
    assert.equal(outcomeOf(check), "not made");
  }));
