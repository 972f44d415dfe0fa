/**
 * Nothing is sent: the program makes scans, prepares them and trains while its network is observed, beside controls
 * that must be noticed.
 *
 * @module
 */

import { join } from "node:path";
import { findWay, type ObservationWay, observe } from "./network_observation.ts";
import type { CommandLine, ProgramStarter } from "./program_starter.ts";
import { type Finding, finding, findingsOf, notTried, type SecurityCheck } from "./security_check.ts";

const title = "Nothing leaves this machine";
const must = "no try to reach a network";

const methods = {
  namespace:
    "Commands ran in a network of their own without any interface (unshare --net), in which the kernel counts what " +
    "is tried, from the first moment to the last and for ffmpeg, too. Over IPv4 every try counts; over IPv6 nothing " +
    "can leave, but the kernel does not count the try. Beside this, Deno itself refuses the network to commands that " +
    "do not ask for it (see the permissions).",
  sockets:
    "This system gives no network of its own (unshare --net), so the sockets of each command were looked at every " +
    "twentieth of a second. What is opened and closed in between, and what ffmpeg does, goes unseen; that Deno itself " +
    "refuses the network to these commands (see the permissions) is the stronger proof here.",
};

/** Small scans, prepared and trained on for an epoch; each line is words of the program. */
export const trainingWords: readonly (readonly string[])[] = [
  [
    "phantom",
    "--out",
    "scans",
    "--subjects",
    "6",
    "--seconds",
    "8",
    "--frame-rate",
    "8",
    "--frame-size",
    "64x80",
  ],
  ["prepare", "scans", "--out", "data"],
  [
    ...["train", "data", "--run", "runs/first", "--device", "wasm", "--json"],
    ...["--set", "data.batchSize=4", "--set", "training.epochs=1"],
  ],
];

/** A script that wants something of the network; 192.0.2.0/24 is nobody's (RFC 5737). */
const controls = {
  namespace: {
    "a connection (TCP)": 'await Deno.connect({ hostname: "192.0.2.1", port: 80 }).catch(() => {});',
    "a datagram (UDP)":
      'import { createSocket } from "node:dgram"; const s = createSocket("udp4"); s.send("x", 9, "192.0.2.1", () => s.close());',
  },
  // Nothing may leave by a control: it connects to itself, until it was seen, or half a minute is over.
  sockets: {
    "a connection (TCP)": `const { args } = Deno;
const l = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const c = await Deno.connect({ hostname: "127.0.0.1", port: l.addr.port });
for (let i = 0; i < 600 && Deno.statSync(args[0]).size === 0; i++) await new Promise((r) => setTimeout(r, 50));
c.close(); l.close();`,
  },
};

/** What runs under observation in {@linkcode checkNetwork}; a test puts something else there. */
export async function ownCommands(starter: ProgramStarter): Promise<[string, () => Promise<CommandLine>][]> {
  return await Promise.resolve(
    trainingWords.map((words) => [`${words[0]}, a short one`, () => starter.commandLine(words)]),
  );
}

/**
 * Observes the commands and the controls.
 *
 * @param way How; the best that this machine allows when it is left out.
 */
export async function checkNetwork(
  starter: ProgramStarter,
  commands: [what: string, line: () => Promise<CommandLine>][],
  way?: ObservationWay | null,
): Promise<SecurityCheck> {
  if (way === undefined) way = await findWay(starter);
  if (!way) {
    const findings = [notTried("a short training", must, "this system cannot be observed; it can on Linux")];
    return { id: "network", title, method: "", findings };
  }
  const findings: Finding[] = [];
  for (const [what, line] of commands) {
    findings.push(
      ...await findingsOf(what, must, async () => [await observed(starter, way, what, await line())]),
    );
  }
  for (const [what, script] of Object.entries(controls[way.kind])) {
    const name = `control: a program that tries ${what}`;
    findings.push(
      ...await findingsOf(name, "noticed", async () => [await control(starter, way, name, script)]),
    );
  }
  return { id: "network", title, method: methods[way.kind], findings };
}

async function observed(
  starter: ProgramStarter,
  way: ObservationWay,
  what: string,
  line: CommandLine,
): Promise<Finding> {
  const { code, stderr, attempts } = await observe(starter, way, line, join(starter.folder, "sockets.log"));
  if (code !== 0) {
    return { what, must, found: `it ended with ${code}: ${stderr.trim().split("\n").at(-1)}`, holds: false };
  }
  return finding(what, must, attempts.length === 0 ? must : attempts.join(", "));
}

async function control(
  starter: ProgramStarter,
  way: ObservationWay,
  what: string,
  script: string,
): Promise<Finding> {
  const file = join(starter.folder, "control.js");
  const log = join(starter.folder, "control.log");
  await Deno.writeTextFile(file, script);
  const line = starter.scriptLine(file, ["--allow-net", `--allow-read=${log}`], [log]);
  const { attempts } = await observe(starter, way, line, log);
  const found = attempts.length === 0 ? "not noticed" : `noticed: ${attempts.join(", ")}`;
  return { what, must: "noticed", found, holds: attempts.length > 0 };
}
