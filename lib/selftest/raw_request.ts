/**
 * One HTTP request as it is written: with any Host and Origin, as an attacker's browser or program would send it.
 *
 * @module
 */

/** What to ask. */
export interface RawRequest {
  path: string;
  /** GET when it is left out. */
  method?: string;
  /** Host is that of the port when it is left out. */
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
}

/** What came back. */
export interface RawResponse {
  status: number;
  headers: Headers;
  body: string;
}

/**
 * Asks a server on this machine.
 *
 * @throws Error when nobody answers, or no answer of HTTP comes.
 */
export async function rawRequest(port: number, request: RawRequest): Promise<RawResponse> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const body = request.body === undefined ? "" : JSON.stringify(request.body);
  const headers: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    connection: "close",
    ...(body === "" ? {} : { "content-type": "application/json" }),
    ...request.headers,
    "content-length": String(new TextEncoder().encode(body).length),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = `${request.method ?? "GET"} ${request.path} HTTP/1.1\r\n${head}\r\n${body}`;
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
  return parseResponse(await new Response(connection.readable).text());
}

/** Reads an answer up to its body, which is left as it was sent. */
export function parseResponse(text: string): RawResponse {
  const end = text.indexOf("\r\n\r\n");
  const [first, ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const status = Number(first.match(/^HTTP\/1\.[01] (\d{3})/)?.[1] ?? NaN);
  if (!Number.isInteger(status)) throw new Error("Cannot read the answer: it must be one of HTTP");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status, headers, body: text.slice(end + 4) };
}
