/** The kernels of all presets before a second compiler, which also proves that barriers are met by whole workgroups. */

import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { resolveRunConfig } from "../../lib/config.ts";
import { buildTrainingGraph } from "../../lib/models/train_graph.ts";
import { compileStep } from "../../lib/tensor/compiler/compile.ts";
import { tunings } from "../../lib/tensor/kernels/wgsl_tuning.ts";
import { findBrowser, launchBrowser } from "../helpers/browser.ts";

/** SwiftShader on Vulkan, which Chromium brings. */
const adapter = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Runs `use` on a page with a graphics device. @returns Whether there was one. */
async function withDevice(use: (page: Page) => Promise<void>): Promise<boolean> {
  const path = findBrowser();
  if (path === null) return false;
  // A page has a graphics adapter only where it came from a server.
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response(""));
  let browser: Browser | undefined;
  try {
    browser = await launchBrowser(path, adapter);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    const isThere = await page.evaluate(`(async () => {
      const adapter = await navigator.gpu?.requestAdapter();
      globalThis.device = await adapter?.requestDevice();
      return device !== undefined;
    })()`);
    if (isThere) await use(page);
    return isThere as boolean;
  } finally {
    await browser?.close();
    await server.shutdown();
  }
}

/** What the page's compiler says of a program, with the line it means. */
async function complaintsAbout(page: Page, code: string): Promise<string[]> {
  const messages = await page.evaluate(`(async () => {
    device.pushErrorScope("validation");
    const { messages } = await device.createShaderModule({ code: ${
    JSON.stringify(code)
  } }).getCompilationInfo();
    await device.popErrorScope();
    return messages.map(({ lineNum, message }) => [lineNum, message]);
  })()`) as [number, string][];
  return messages.map(([line, message]) => `${message}: ${code.split("\n")[line - 1]}`);
}

/** All programs of the presets' training steps, by their code. */
function programs(): Map<string, string> {
  const found = new Map<string, string>();
  for (const preset of ["tiny", "small", "paper"]) {
    const graph = buildTrainingGraph(resolveRunConfig({ set: [`preset=${preset}`] }));
    for (const tuning of Object.values(tunings)) {
      const { dispatches } = compileStep(graph, { tuning, maxBuffers: 8 });
      for (const { code, label } of dispatches) found.set(code, `${preset}, ${tuning.products}, ${label}`);
    }
  }
  return found;
}

const ignore = !await withDevice(async () => {});

Deno.test({
  name: `kernels are valid to Chromium's compiler${ignore ? " (ignored: no Chromium with an adapter)" : ""}`,
  ignore,
  fn: async () => {
    let checked = 0;
    await withDevice(async (page) => {
      for (const [code, label] of programs()) {
        assert.deepEqual(await complaintsAbout(page, code), [], label);
        checked++;
      }
      const astray = `@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
        if (lane > 3u) { workgroupBarrier(); }
      }`;
      assert.match((await complaintsAbout(page, astray)).join(), /uniform control flow/);
    });
    assert.ok(checked > 500, `${checked} programs`);
  },
});
