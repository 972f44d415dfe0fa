import assert from "node:assert/strict";
import { type BillSource, licenseTexts, spdxDocument } from "../../../lib/packaging/bill_of_materials.ts";

const source: BillSource = {
  version: "0.1.0",
  licenseText: "MIT License\n\nCopyright (c) 2026 The Sonospeech authors\n\nPermission is hereby granted",
  denoVersion: "2.9.6",
  created: new Date("2026-11-27T10:11:12.345Z"),
  packages: [
    {
      name: "@preact/signals",
      version: "2.11.4",
      license: "MIT",
      licenseText: "The MIT License\n\nCopyright (c) 2022 Preact Team\n\nPermission",
      sha512: "ab".repeat(64),
    },
    {
      name: "some.js",
      version: "1.0.0",
      license: "Apache-2.0",
      licenseText: "Apache License\n  a copyright notice that is included in the work",
      sha512: "cd".repeat(64),
    },
  ],
};

/**
 * What SPDX 2.3 demands of a document, of the fields that we write.
 *
 * @see https://spdx.github.io/spdx-spec/v2.3/document-creation-information/ (clauses 6.1 to 6.9),
 * https://spdx.github.io/spdx-spec/v2.3/package-information/ (7.1 to 7.24) and
 * https://spdx.github.io/spdx-spec/v2.3/relationships-between-SPDX-elements/ (11.1)
 */
function assertSpdx(document: ReturnType<typeof spdxDocument>): void {
  const id = /^SPDXRef-[A-Za-z0-9.-]+$/; // 7.2: letters, numbers, "." and "-"
  assert.equal(document.spdxVersion, "SPDX-2.3"); // 6.1
  assert.equal(document.dataLicense, "CC0-1.0"); // 6.2
  assert.equal(document.SPDXID, "SPDXRef-DOCUMENT"); // 6.3
  assert.ok(document.name.length > 0); // 6.4
  const namespace = new URL(document.documentNamespace); // 6.5: an absolute URI without "#"
  assert.equal(namespace.hash, "");
  assert.ok(document.creationInfo.creators.every((one) => /^(Person|Organization|Tool): \S/.test(one))); // 6.8
  assert.ok(document.creationInfo.creators.length > 0);
  assert.match(document.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/); // 6.9
  const ids = document.packages.map(({ SPDXID }) => SPDXID);
  assert.equal(new Set(ids).size, ids.length);
  for (const one of document.packages) {
    assert.match(one.SPDXID, id);
    assert.ok(one.name.length > 0); // 7.1
    assert.match(one.downloadLocation, /^(NOASSERTION|NONE|\w+:.+)$/); // 7.7, mandatory
    assert.equal(one.filesAnalyzed, false); // 7.8: without files, no verification code (7.9) may be given
    assert.ok(!("packageVerificationCode" in one));
    for (const license of [one.licenseConcluded, one.licenseDeclared]) {
      assert.match(license, /^[A-Za-z0-9.-]+$/);
    }
    for (const { checksumValue } of one.checksums ?? []) assert.match(checksumValue, /^[0-9a-f]{128}$/); // 7.10
    // 7.21: purl of type npm; "@" of a scope is written %40 (https://github.com/package-url/purl-spec)
    for (const { referenceLocator } of one.externalRefs ?? []) {
      assert.match(referenceLocator, /^pkg:npm\/(%40[a-z0-9._-]+\/)?[a-z0-9._-]+@\d+\.\d+\.\d+[\w.-]*$/);
    }
  }
  const known = new Set([...ids, document.SPDXID]);
  for (const { spdxElementId, relatedSpdxElement, relationshipType } of document.relationships) {
    assert.ok(known.has(spdxElementId) && known.has(relatedSpdxElement)); // 11.1
    assert.match(relationshipType, /^(DESCRIBES|CONTAINS)$/);
  }
  // 11.1: a document describes something, and here everything else is contained in that.
  const [described] = document.relationships.filter((one) => one.relationshipType === "DESCRIBES");
  assert.equal(described.spdxElementId, "SPDXRef-DOCUMENT");
  const contained = document.relationships.filter((one) => one.relationshipType === "CONTAINS");
  assert.deepEqual(
    [described.relatedSpdxElement, ...contained.map((one) => one.relatedSpdxElement)].sort(),
    ids.toSorted(),
  );
}

Deno.test("spdxDocument() has what SPDX 2.3 demands", () => {
  const document = spdxDocument(source);
  assertSpdx(document);
  assert.throws(() => assertSpdx({ ...document, relationships: document.relationships.slice(1) }));
  assert.throws(() => assertSpdx({ ...document, packages: document.packages.slice(1) }));
});

Deno.test("spdxDocument() names licences and copyrights as the packages do, and Deno", () => {
  const rows = spdxDocument(source).packages.map((one) => [
    one.name,
    one.versionInfo,
    one.licenseDeclared,
    one.copyrightText,
  ]);
  assert.deepEqual(rows, [
    ["sonospeech", "0.1.0", "MIT", "Copyright (c) 2026 The Sonospeech authors"],
    ["deno", "2.9.6", "MIT", "Copyright 2018-2026 the Deno authors"],
    ["@preact/signals", "2.11.4", "MIT", "Copyright (c) 2022 Preact Team"],
    ["some.js", "1.0.0", "Apache-2.0", "NOASSERTION"],
  ]);
});

Deno.test("spdxDocument() is the same for the same sources, and another for others", () => {
  assert.deepEqual(spdxDocument(source), spdxDocument(structuredClone(source)));
  const other = spdxDocument({ ...source, denoVersion: "2.9.7" });
  assert.notEqual(other.documentNamespace, spdxDocument(source).documentNamespace);
});

Deno.test("licenseTexts() holds every licence in full", () => {
  const text = licenseTexts(source);
  for (const { name, licenseText } of source.packages) {
    assert.ok(text.includes(name) && text.includes(licenseText));
  }
  assert.match(text, /^deno 2\.9\.6, MIT$/m);
});
