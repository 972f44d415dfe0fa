/** The self-test's page in a real browser, opened from disk. */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { finding, notTried } from "../../lib/selftest/security_check.ts";
import { renderSelftest } from "../../lib/selftest/selftest_html.ts";
import { violations } from "../helpers/accessibility.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";
import { reportOf } from "../helpers/fake_selftest.ts";

const browserPath = findBrowser();
const name = browserPath === null ? " (ignored: no Chromium on this machine)" : "";
/** Folder for screenshots; none are made when it is not given. */
const screenshots = Deno.env.get("SONOSPEECH_SCREENSHOTS");
const long = "a-word-that-is-longer-than-any-column-and-has-no-place-to-break-".repeat(3);

Deno.test({
  name: `self-test page is accessible, fits and loads nothing at 390 and 1280 pixels, and prints${name}`,
  ignore: browserPath === null,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    const browser = await launchBrowser(browserPath!);
    try {
      const findings = [
        finding("one", 200, 200),
        finding(long, long, `${long}x`),
        notTried("two", "three", "four"),
      ];
      const path = `${folder}/selftest.html`;
      await Deno.writeTextFile(path, renderSelftest(reportOf(...findings)));
      const url = pathToFileURL(path).href;
      for (const [width, colorScheme] of [[390, "dark"], [1280, "light"]] as const) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const complaints: string[] = [];
        const requests: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        page.on("request", (request) => requests.push(request.url()));
        await page.goto(url);
        assert.deepEqual(requests, [url]);
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
        assert.deepEqual(await violations(page), [], `${width} ${colorScheme}`);
        assert.deepEqual(complaints, []);
        if (screenshots) {
          await page.screenshot({ path: `${screenshots}/selftest-${width}.png`, fullPage: true });
        }
        await page.emulateMedia({ media: "print" });
        assert.equal(await page.evaluate(`getComputedStyle(document.querySelector("nav")).display`), "none");
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width, "printed");
        if (screenshots) {
          await page.screenshot({ path: `${screenshots}/selftest-print-${width}.png`, fullPage: true });
        }
        await page.close();
      }
    } finally {
      await browser.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
