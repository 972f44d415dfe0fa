/// <reference lib="deno.ns" />
/**
 * Builds the dashboard's files: `app.js`, `style.css`, `index.html` and `icon.svg`, nothing of which comes from
 * elsewhere when a page is shown.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const here = new URL(".", import.meta.url);
const uplotStyle = new URL("../node_modules/uplot/dist/uPlot.min.css", here);

/**
 * Writes the dashboard's files into a folder, each by a rename, so that a running server never shows half a file.
 *
 * @param outDirectory Made when it is missing.
 * @throws Error with the bundler's words when the dashboard cannot be bundled.
 */
export async function buildDashboard(outDirectory: string): Promise<void> {
  await Deno.mkdir(outDirectory, { recursive: true });
  const bundle = `${outDirectory}/app.js.part`;
  const entry = new URL("app/main.tsx", here);
  const args = ["bundle", "--quiet", "--platform", "browser", "--minify", fileURLToPath(entry), "-o", bundle];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: fileURLToPath(here) })
    .output();
  if (!success) throw new Error(`Cannot bundle the dashboard: ${new TextDecoder().decode(stderr)}`);
  const style = await Promise.all(
    [uplotStyle, new URL("style.css", here)].map((url) => Deno.readTextFile(url)),
  );
  await Deno.writeTextFile(`${outDirectory}/style.css.part`, style.join("\n"));
  for (const name of ["index.html", "icon.svg"]) {
    await Deno.copyFile(new URL(name, here), `${outDirectory}/${name}.part`);
  }
  for (const name of ["app.js", "style.css", "index.html", "icon.svg"]) {
    await Deno.rename(`${outDirectory}/${name}.part`, `${outDirectory}/${name}`);
  }
}

if (import.meta.main) await buildDashboard(fileURLToPath(new URL("../.cache/static", here)));
