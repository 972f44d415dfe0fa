/** A port of 127.0.0.1 that nothing listens at, for a server that is a process of its own. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
