import assert from "node:assert/strict";
import { walk } from "./walk.ts";

const root = new URL("../../", import.meta.url);

Deno.test("docs/troubleshooting.md quotes messages that the program has", async () => {
  const files = [...walk(new URL("lib/", root)), ...walk(new URL("routes/", root))];
  const sources = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("\n");
  const text = await Deno.readTextFile(new URL("docs/troubleshooting.md", root));
  const quoted = Array.from(
    text.matchAll(/\*\*"([^"]+)"\*\*/g),
    ([, message]) => message.replaceAll(/\s+/g, " "),
  );
  assert.ok(quoted.length > 20);
  assert.deepEqual(quoted.filter((message) => !sources.includes(message)), []);
});

Deno.test("links between the documents lead somewhere", async () => {
  const documents = [new URL("README.md", root), ...walk(new URL("docs/", root))];
  for (const document of documents) {
    const text = await Deno.readTextFile(document);
    for (const [, target, anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)/g)) {
      const linked = target === "" ? document : new URL(target, document);
      const isThere = await Deno.stat(linked).then(() => true, () => false);
      assert.ok(isThere, `${document.pathname} links to ${target}`);
      if (anchor === "") continue;
      const headings = (await Deno.readTextFile(linked)).matchAll(/^#+ (.+)$/gm);
      const anchors = Array.from(headings, ([, heading]) => heading.toLowerCase().replaceAll(/[^\w -]/g, ""));
      assert.ok(
        anchors.some((one) => one.replaceAll(" ", "-") === anchor),
        `${document.pathname} links to #${anchor}`,
      );
    }
  }
});
