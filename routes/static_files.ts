/**
 * The dashboard's own files: a fixed list, so that no request names a path.
 *
 * @module
 */

import { Refusal } from "./guard.ts";

const files: Record<string, { file: string; type: string }> = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/app.js": { file: "app.js", type: "text/javascript; charset=utf-8" },
  "/style.css": { file: "style.css", type: "text/css; charset=utf-8" },
  "/icon.svg": { file: "icon.svg", type: "image/svg+xml" },
};

/** The file shown at `path`. @throws Refusal 404 when there is none, 503 when the dashboard was not built. */
export async function staticFile(directory: string, path: string): Promise<Response> {
  if (!Object.hasOwn(files, path)) throw new Refusal(404, "There is no such page.");
  const { file, type } = files[path];
  try {
    const body = await Deno.readFile(`${directory}/${file}`);
    return new Response(body, {
      headers: { "content-type": type, "content-length": String(body.length), "cache-control": "no-cache" },
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Refusal(503, "The dashboard's files have not been built.");
    }
    throw error;
  }
}
