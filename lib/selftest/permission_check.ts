/**
 * Each command may do what it must, and no more: what each asks Deno for, and that Deno refuses the rest.
 *
 * @module
 */

import { join } from "node:path";
import type { ProgramStarter } from "./program_starter.ts";
import { type Finding, findingsOf, type SecurityCheck } from "./security_check.ts";

/** What a command may do. */
export interface CommandPermissions {
  command: string;
  flags: readonly string[];
}

/** Command lines as people give them; of the paths, inputs alone must exist. */
export const commandLines: readonly (readonly string[])[] = [
  ["doctor"],
  ["phantom", "--out", "scans"],
  ["mask", "scan.mp4", "--out", "masks"],
  ["prepare", "scan.mp4", "--out", "data"],
  ["train", "data", "--run", "runs/first"],
  ["train", "data", "--run", "runs/first", "--port", "8600"],
  ["evaluate", "runs/first", "data"],
  ["export", "runs/first", "--format", "onnx", "--out", "models"],
  ["import", "weights.safetensors"],
  ["embed", "runs/first", "scan.mp4", "--out", "embeddings"],
  ["search", "runs/first", "data", "--text", "four chamber view"],
  ["reproduce", "--out", "reproduction"],
  ["serve", "--runs", "runs"],
  ["service", "--out", "service"],
  ["demo"],
];

/** Programs that commands may start. */
const programs = ["ffmpeg", "ffprobe"];
/** Variables that say where the user's cache lies. */
const variables = ["XDG_CACHE_HOME", "HOME"];
const kinds = ["read", "write", "run", "net", "sys", "env"];

/** Tries what no command of the list above may do, and prints what Deno said to each. */
const probe = `const { args: [outside, tryNet], env } = Deno;
const tries = {
  "read a file of the system": () => Deno.readTextFileSync("/etc/passwd"),
  "write beside its folders": () => Deno.writeTextFileSync(outside, ""),
  "start another program": () => new Deno.Command("sh", { args: ["-c", ":"] }).outputSync(),
  "read the environment": () => env.get("PATH"),
  ...(tryNet ? { "reach the network": () => Deno.connect({ hostname: "192.0.2.1", port: 80 }) } : {}),
};
const answers = {};
for (const [what, attempt] of Object.entries(tries)) {
  try {
    await attempt();
    answers[what] = "allowed";
  } catch (error) {
    answers[what] = error instanceof Deno.errors.NotCapable ? "refused" : "allowed";
  }
}
console.log(JSON.stringify(answers));`;

/** Checks what every command asks for, and that a training can do nothing else. */
export async function checkPermissions(
  starter: ProgramStarter,
): Promise<{ check: SecurityCheck; commands: CommandPermissions[] }> {
  const commands: CommandPermissions[] = [];
  const findings = await findingsOf("permissions", "every command tells them", async () => {
    await Deno.writeTextFile(join(starter.folder, "scan.mp4"), "");
    for (const words of commandLines) {
      const flags = await starter.flagsOf(words);
      commands.push({ command: words.join(" "), flags: flags.map((flag) => readable(flag, starter)) });
    }
    return commands.map(judgePermissions);
  });
  findings.push(
    ...await findingsOf(
      "a program with the permissions of a training",
      "it is refused the rest",
      async () => {
        const training = await starter.flagsOf(["train", "data", "--run", "runs/first"]);
        return [
          ...await probeFindings(starter, training, "refused"),
          ...await probeFindings(
            starter,
            ["--allow-read", "--allow-write", "--allow-run", "--allow-env"],
            "allowed",
          ),
        ];
      },
    ),
  );
  const check: SecurityCheck = {
    id: "permissions",
    title: "Each command may do what it must, and no more",
    method:
      "Every command was asked for its permissions, which the program gives it at its start; then a program with " +
      "those of a training tried other things, and as a control one that may do them. This self-test itself starts the " +
      'program\'s commands and can therefore do whatever its user can; only "serve --allow-control" is of that kind, too.',
    findings,
  };
  return { check, commands };
}

/** The flag without this machine's own folders, each path once. */
function readable(flag: string, { folder, root }: ProgramStarter): string {
  const [name, list] = flag.split("=");
  if (list === undefined) return flag;
  const paths = list.split(",").map((path) => path.replace(root, "PROGRAM").replace(`${folder}/`, ""));
  return `${name}=${[...new Set(paths)].join(",")}`;
}

/** Judges the flags of a command: nothing without limits, no network but this machine's own address. */
export function judgePermissions({ command, flags }: CommandPermissions): Finding {
  const wrong = flags.filter((flag) => !isLimited(flag, command));
  return {
    what: command,
    must:
      "named files, ffmpeg at most, no address but 127.0.0.1 where pages are served, no variable but the cache's",
    found: wrong.length === 0 ? "so" : wrong.join(" "),
    holds: flags.length > 0 && wrong.length === 0,
  };
}

function isLimited(flag: string, command: string): boolean {
  const [, kind, list] = /^--allow-([a-z]+)=(.+)$/s.exec(flag) ?? [];
  if (!kinds.includes(kind)) return false;
  const values = list.split(",");
  if (kind === "run") return values.every((value) => programs.includes(value));
  if (kind === "env") return values.every((value) => variables.includes(value));
  if (kind !== "net") return values.every((value) => value !== "/");
  return /^(serve|demo)|--port/.test(command) && values.every((value) => /^127\.0\.0\.1:\d+$/.test(value));
}

/** Runs the probe with these flags. @param must What Deno must say to each try. */
export async function probeFindings(
  starter: ProgramStarter,
  flags: readonly string[],
  must: "refused" | "allowed",
): Promise<Finding[]> {
  const file = join(starter.folder, "probe.js");
  await Deno.writeTextFile(file, probe);
  // Nothing may leave by the control.
  const args = [join(starter.folder, "outside.txt"), ...(must === "refused" ? ["net"] : [])];
  const answers: Record<string, string> = JSON.parse(
    await starter.succeed(starter.scriptLine(file, flags, args)),
  );
  const who = must === "refused" ? "with the permissions of a training" : "control, with permission";
  return Object.entries(answers).map(([what, found]) => (
    { what: `${who}: ${what}`, must, found, holds: found === must }
  ));
}
