/**
 * Runs a program and says whether it tried to reach a network: in a network of its own, whose counters miss nothing,
 * or, where the system does not give one, by looking at its sockets again and again.
 *
 * @module
 */

import type { CommandLine, Ended, ProgramStarter } from "./program_starter.ts";

/** How a program is observed. */
export type ObservationWay =
  /** In a network namespace without any interface: nothing can leave, and the kernel counts every try over IPv4. */
  | { kind: "namespace"; unshare: readonly string[] }
  /** By its sockets, every twentieth of a second: what is opened and closed in between goes unseen. */
  | { kind: "sockets" };

/** What was seen of a program. */
export interface Observation extends Ended {
  /** Each try to reach a network, in the kernel's words; none when there was none. */
  attempts: string[];
}

/**
 * Runs a program, prints a line that cannot be mistaken, then the kernel's counters of the namespace. The program is
 * told of a signal that the shell gets.
 */
const countingScript = `"$@" & pid=$!
trap 'kill "$pid"' TERM INT
wait "$pid"; code=$?
echo; echo ==counters==; cat /proc/net/snmp /proc/net/snmp6
exit "$code"`;

/** Runs a program and prints the kernel's line of each Internet socket that it has. */
const watchingScript = `log=$1; shift; : >"$log"
"$@" & pid=$!
trap 'kill "$pid"' TERM INT
while kill -0 "$pid" 2>/dev/null; do
  for inode in $(ls -l "/proc/$pid/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/\\1/p'); do
    for table in tcp tcp6 udp udp6 raw raw6; do
      sed -n "s/^ *[0-9]*: \\(.* $inode .*\\)/$table \\1/p" "/proc/$pid/net/$table" 2>/dev/null
    done
  done >>"$log"
  sleep 0.05
done
wait "$pid"`;

/** The best way of observing that this machine allows; null where there is none, as outside of Linux. */
export async function findWay(starter: ProgramStarter): Promise<ObservationWay | null> {
  if (Deno.build.os !== "linux") return null;
  for (const unshare of [["unshare", "-n"], ["unshare", "-r", "-n"]]) {
    try {
      const [program, ...args] = unshare;
      if ((await starter.run([program, ...args, "cat", "/proc/net/snmp"])).code === 0) {
        return { kind: "namespace", unshare };
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    }
  }
  return { kind: "sockets" };
}

/** Runs a program under observation. @param log Where sockets are noted, when they are looked at. */
export async function observe(
  starter: ProgramStarter,
  way: ObservationWay,
  line: CommandLine,
  log: string,
): Promise<Observation> {
  if (way.kind === "namespace") {
    const [unshare, ...flags] = way.unshare;
    const { stdout, ...ended } = await starter.run([
      unshare,
      ...flags,
      "sh",
      "-c",
      countingScript,
      "sh",
      ...line,
    ]);
    const [own, counters] = stdout.split("\n==counters==\n");
    return { ...ended, stdout: own, attempts: countedAttempts(counters ?? "") };
  }
  const ended = await starter.run(["sh", "-c", watchingScript, "sh", log, ...line]);
  return { ...ended, attempts: seenSockets(await Deno.readTextFile(log)) };
}

/** Counters that stay at zero in a namespace without interfaces unless somebody wants something of the network. */
const watched =
  /^(Ip(OutRequests|OutDiscards|OutNoRoutes)|Tcp(ActiveOpens|OutSegs)|Udp(OutDatagrams|SndbufErrors)|IcmpOutMsgs|Ip6(OutRequests|OutDiscards|OutNoRoutes)|Udp6OutDatagrams|Icmp6OutMsgs)$/;

/**
 * The counters of tries that are not zero, as `IpOutNoRoutes 1`.
 *
 * @param text The kernel's `/proc/net/snmp`, then its `/proc/net/snmp6`.
 * @throws Error when the kernel does not count, for then nothing could be seen.
 */
export function countedAttempts(text: string): string[] {
  const counters = readCounters(text);
  if (!counters.has("IpOutNoRoutes") || !counters.has("TcpActiveOpens")) {
    throw new Error(
      "Cannot observe the network: the kernel must count tries in /proc/net/snmp, received no counters",
    );
  }
  return [...counters].filter(([name, value]) => watched.test(name) && value !== 0)
    .map(([name, value]) => `${name} ${value}`);
}

/** Of the form "Ip: A B", "Ip: 1 2" in one file, "Ip6A 1" in the other. */
function readCounters(text: string): Map<string, number> {
  const counters = new Map<string, number>();
  const heads = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [first, ...rest] = line.trim().split(/\s+/);
    const head = heads.get(first);
    if (!first.endsWith(":")) counters.set(first, Number(rest[0]));
    else if (head) head.forEach((name, i) => counters.set(first.slice(0, -1) + name, Number(rest[i])));
    else heads.set(first, rest);
  }
  return counters;
}

/** Sockets of the log with their remote ends, each once, as `tcp to 7f000001:0050` in the kernel's own notation. */
export function seenSockets(log: string): string[] {
  const lines = log.split("\n").filter((line) => line !== "");
  return [
    ...new Set(lines.map((line) => {
      const [table, , remote] = line.split(/\s+/);
      return `${table} to ${remote}`;
    })),
  ];
}
