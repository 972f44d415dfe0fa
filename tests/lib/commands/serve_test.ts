import assert from "node:assert/strict";
import { unnamedAddressRemark } from "../../../lib/commands/serve.ts";

Deno.test("unnamedAddressRemark() says what is missing where all addresses listen and none is named", () => {
  for (const host of ["0.0.0.0", "::"]) {
    assert.match(unnamedAddressRemark(host, 8601)!, /refused until .* --allow-host NAME:8601$/);
    assert.equal(unnamedAddressRemark(host, 8601, ["sono:8601"]), null);
  }
  for (const host of ["127.0.0.1", "192.168.1.5", "::1"]) {
    assert.equal(unnamedAddressRemark(host, 8601), null);
  }
});
