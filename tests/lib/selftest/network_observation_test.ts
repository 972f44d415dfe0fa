import assert from "node:assert/strict";
import { countedAttempts, seenSockets } from "../../../lib/selftest/network_observation.ts";

const quiet = `Ip: Forwarding DefaultTTL OutRequests OutNoRoutes
Ip: 2 64 0 0
Tcp: RtoAlgorithm RtoMin ActiveOpens OutSegs
Tcp: 1 200 0 0
Udp: InDatagrams OutDatagrams
Udp: 0 0
Ip6OutRequests                   	0
Udp6OutDatagrams                 	0
`;

Deno.test("countedAttempts() is empty where nothing was tried, whatever settings stand beside the counters", () => {
  assert.deepEqual(countedAttempts(quiet), []);
});

Deno.test("countedAttempts() names every counter of a try that is not zero", () => {
  const changes: [from: string, to: string, attempt: string][] = [
    ["Ip: 2 64 0 0", "Ip: 2 64 0 1", "IpOutNoRoutes 1"],
    ["Ip: 2 64 0 0", "Ip: 2 64 3 0", "IpOutRequests 3"],
    ["Tcp: 1 200 0 0", "Tcp: 1 200 2 0", "TcpActiveOpens 2"],
    ["Udp: 0 0", "Udp: 0 5", "UdpOutDatagrams 5"],
    ["Ip6OutRequests                   	0", "Ip6OutRequests                   	7", "Ip6OutRequests 7"],
    ["Udp6OutDatagrams                 	0", "Udp6OutDatagrams                 	9", "Udp6OutDatagrams 9"],
  ];
  for (const [from, to, attempt] of changes) {
    assert.ok(quiet.includes(from));
    assert.deepEqual(countedAttempts(quiet.replace(from, to)), [attempt]);
  }
});

Deno.test("countedAttempts() refuses a kernel that does not count", () => {
  for (const text of ["", "Ip: Forwarding\nIp: 2\n"]) {
    assert.throws(() => countedAttempts(text), /must count tries/);
  }
});

Deno.test("seenSockets() names each remote end once", () => {
  const line = "0100007F:9C40 0100007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 812 1";
  assert.deepEqual(seenSockets(""), []);
  assert.deepEqual(seenSockets(`tcp ${line}\ntcp ${line}\nudp ${line}\n`), [
    "tcp to 0100007F:0050",
    "udp to 0100007F:0050",
  ]);
});
