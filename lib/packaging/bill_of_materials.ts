/**
 * What is inside the packed program, in SPDX 2.3 and as a text with every licence.
 *
 * @see https://spdx.github.io/spdx-spec/v2.3/
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { BundledPackage } from "./bundled_packages.ts";

/** What a bill is made from. */
export interface BillSource {
  /** The program's own version. */
  version: string;
  /** Text of the program's own licence, which is MIT. */
  licenseText: string;
  /** Version of the Deno that comes along. */
  denoVersion: string;
  /** When the sources were made: a time of their own, so that the same sources give the same bytes. */
  created: Date;
  packages: readonly BundledPackage[];
}

/** A package in SPDX's terms; the fields that we fill. */
export interface SpdxPackage {
  SPDXID: string;
  name: string;
  versionInfo: string;
  downloadLocation: string;
  filesAnalyzed: false;
  licenseConcluded: string;
  licenseDeclared: string;
  copyrightText: string;
  supplier: string;
  primaryPackagePurpose: "APPLICATION" | "LIBRARY";
  comment?: string;
  checksums?: { algorithm: "SHA512"; checksumValue: string }[];
  externalRefs?: { referenceCategory: "PACKAGE-MANAGER"; referenceType: "purl"; referenceLocator: string }[];
}

/** An SPDX document; the fields that we fill. */
export interface SpdxDocument {
  spdxVersion: "SPDX-2.3";
  dataLicense: "CC0-1.0";
  SPDXID: "SPDXRef-DOCUMENT";
  name: string;
  documentNamespace: string;
  creationInfo: { created: string; creators: string[] };
  packages: SpdxPackage[];
  relationships: { spdxElementId: string; relationshipType: string; relatedSpdxElement: string }[];
}

const denoComment =
  "Deno links V8 (BSD-3-Clause) and libraries written in Rust. They are named in Cargo.lock of Deno's sources " +
  "of this version and are not listed here one by one.";

/** The bill as an SPDX document. */
export function spdxDocument(source: BillSource): SpdxDocument {
  const program = spdxPackage("sonospeech", source.version, "MIT", source.licenseText, "APPLICATION");
  const deno = {
    ...spdxPackage("deno", source.denoVersion, "MIT", denoLicense(source), "APPLICATION"),
    comment: denoComment,
  };
  const libraries = source.packages.map(({ name, version, license, licenseText, sha512 }): SpdxPackage => ({
    ...spdxPackage(name, version, license, licenseText, "LIBRARY"),
    checksums: [{ algorithm: "SHA512", checksumValue: sha512 }],
    externalRefs: [{
      referenceCategory: "PACKAGE-MANAGER",
      referenceType: "purl",
      referenceLocator: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    }],
  }));
  const packages = [program, deno, ...libraries];
  const digest = createHash("sha256").update(JSON.stringify([source.created, packages])).digest("hex");
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `sonospeech-${source.version}`,
    documentNamespace: `https://spdx.org/spdxdocs/sonospeech-${source.version}-${digest}`,
    creationInfo: {
      created: source.created.toISOString().replace(/\.\d+Z$/, "Z"),
      creators: [`Tool: sonospeech-pack-${source.version}`],
    },
    packages,
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", program.SPDXID),
      ...[deno, ...libraries].map(({ SPDXID }) => relationship(program.SPDXID, "CONTAINS", SPDXID)),
    ],
  };
}

function spdxPackage(
  name: string,
  version: string,
  license: string,
  licenseText: string,
  primaryPackagePurpose: SpdxPackage["primaryPackagePurpose"],
): SpdxPackage {
  return {
    SPDXID: `SPDXRef-Package-${`${name}-${version}`.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-/, "")}`,
    name,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: license,
    licenseDeclared: license,
    copyrightText: copyrightOf(licenseText),
    supplier: "NOASSERTION",
    primaryPackagePurpose,
  };
}

function relationship(spdxElementId: string, relationshipType: string, relatedSpdxElement: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

/** The licence's own lines of copyright; Apache's text speaks of them, but has none of its own. */
function copyrightOf(licenseText: string): string {
  const lines = licenseText.split("\n").map((line) => line.trim());
  return lines.filter((line) => /^(\/?\*+ *)?copyright\b.*\d{4}/i.test(line)).join("\n") || "NOASSERTION";
}

/** Deno is under the same licence as this program. */
function denoLicense({ licenseText }: BillSource): string {
  return licenseText.replace(/^Copyright.*$/m, "Copyright 2018-2026 the Deno authors");
}

/** Every licence in full, for reading. */
export function licenseTexts(source: BillSource): string {
  const parts = [
    { name: "sonospeech", version: source.version, license: "MIT", licenseText: source.licenseText },
    { name: "deno", version: source.denoVersion, license: "MIT", licenseText: denoLicense(source) },
    ...source.packages,
  ];
  const rule = "=".repeat(80);
  return parts.map(({ name, version, license, licenseText }) =>
    `${rule}\n${name} ${version}, ${license}\n${rule}\n\n${licenseText.trim()}\n`
  ).join("\n") + `\n${rule}\nWhat deno is made of\n${rule}\n\n${denoComment}\n`;
}
