/** The reproduction's page in a real browser, opened from disk. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { renderReport } from "../../lib/reproduction/report_html.ts";
import { violations } from "../helpers/accessibility.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { fakeReport } from "../helpers/fake_report.ts";

const browserPath = findBrowser();
const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
const ignore = browserPath === null;
/** Folder for screenshots; none are made when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");

Deno.test({
  name: `report page is accessible, fits and loads nothing at 390 to 2560 pixels, light and dark${name}`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const browser = await launchBrowser(browserPath!);
    try {
      await Deno.writeTextFile(`${folder}/report.html`, renderReport(fakeReport()));
      const url = pathToFileURL(`${folder}/report.html`).href;
      for (const [width, colorScheme] of [[390, "dark"], [1280, "light"], [2560, "dark"]] as const) {
        const what = `${width} ${colorScheme}`;
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const complaints: string[] = [];
        const requests: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("request", (request) => requests.push(request.url()));
        await page.goto(url);
        assert.deepEqual(requests.filter((one) => !one.startsWith("data:")), [url], what);
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, what);
        assert.deepEqual(
          await page.evaluate(`[...document.images].filter((image) => image.naturalWidth === 0).length`),
          0,
          what,
        );
        if (screenshots) {
          await page.screenshot({
            path: `${screenshots}/report-${width}-${colorScheme}.png`,
            fullPage: true,
          });
        }
        await page.evaluate(`for (const one of document.querySelectorAll("details")) one.open = true`);
        // Contrast depends on the scheme and layout on the width, of which the widest adds nothing.
        if (width < 2560) assert.deepEqual(await violations(page), [], what);
        assert.deepEqual(complaints, [], what);
        await page.close();
      }
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
