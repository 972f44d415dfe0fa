/**
 * The self-test as one page that needs nothing else: no scripts, no fonts, no network.
 *
 * @module
 */

import { raw } from "hono/html";
import { html, type Markup } from "../reproduction/html/markup.ts";
import { style } from "../reproduction/html/style.ts";
import type { SelftestReport } from "./run_selftest.ts";
import { type Finding, type Outcome, outcomeOf, type SecurityCheck } from "./security_check.ts";

/** Nothing may be loaded or run, but for the page's own style. */
const contentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";

const ownStyle = `
main{max-width:64rem}.findings{table-layout:fixed;width:100%}.wide{width:100%;max-height:none;overflow:visible}
.findings th,.findings td,.listed th,.listed td{text-align:left;overflow-wrap:anywhere;min-width:0;max-width:none}
.findings col:first-child{width:7.2rem}.findings col:nth-child(2){width:38%}.listed th[scope=row]{width:34%}
.stamp{white-space:nowrap}.bad .stamp{background:var(--bad);color:var(--paper);border-radius:3px}
.bad td,.bad th{background:var(--bad-soft)!important}.open .stamp{background:none;border:1px solid var(--muted);color:var(--muted)}
.headline{display:flex;gap:.6rem;align-items:center;flex-wrap:wrap}.headline h2{margin:0}
.facts code{font-weight:400}.method{margin-top:.8rem;font-size:.95rem;max-width:76ch}
@media (max-width:699px){.findings thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.findings,.findings tbody,.findings tr,.findings td,.findings th{display:block;width:auto;border:0;padding:.1rem .7rem}
.findings tr{border-bottom:1px solid var(--grid);padding:.6rem 0}.findings td[data-name]::before{content:attr(data-name) ": ";
color:var(--muted)}}
@media print{.findings,.listed{font-size:8pt}section{break-inside:auto;margin-top:1.6rem;padding-top:.8rem}}
`;

const words: Record<Outcome, string> = { passed: "passed", failed: "failed", "not made": "not made" };
const classes: Record<Outcome, string> = { passed: "good", failed: "bad", "not made": "open" };

/** The whole page, a pure function of the report; all text of the report is escaped. */
export function renderSelftest(report: SelftestReport): string {
  return String(html`
    ${raw("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${raw(contentSecurityPolicy)}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <title>Self-test · Sonospeech</title>
        <style>${raw(style + ownStyle)}</style>
      </head>
      <body><a class="skip" href="#verdict">Skip to the verdict</a>
    <nav aria-label="Sections"><ol>${report.checks.map(({ id, title }) =>
      html`<li><a href="#${id}">${title}</a></li>`
    )}<li><a href="#commands">What each command may do</a></li><li><a href="#parts">What is inside</a></li></ol></nav>
    <main>${head(report)}${report.checks.map(checkSection)}${commandSection(report)}${partSection(
      report,
    )}</main></body>
    </html>
  `);
}

function head(report: SelftestReport): Markup {
  const facts: [string, string | Markup][] = [
    ["Program", `Sonospeech ${report.programVersion}${report.isPacked ? ", packed" : ", from source"}`],
    ["Deno", report.denoVersion],
    ["System", report.system],
    ["Made at", report.finishedAt.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC")],
    [
      "SHA-256 of the packed file",
      html`<code>${report.executableSha256 ?? "none: the program runs from source"}</code>`,
    ],
  ];
  return html`
    <header>
      <p class="kicker">Sonospeech · self-test</p>
      <h1>What this program does on this machine, and what it does not</h1>
      <p
        class="lead">For who must decide whether it may run here. Each line was tried just now, on this machine.</p>
      <p class="verdict-text" id="verdict">${verdictOf(report)}</p>
      <dl class="facts">${facts.map(([name, value]) =>
        html`
          <div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>
        `
      )}</dl>
    </header>
  `;
}

/** One or two sentences: what failed, and what was not made. */
export function verdictOf({ checks }: Pick<SelftestReport, "checks">): string {
  const findings = checks.flatMap((check) => check.findings);
  const count = (holds: boolean | null) => findings.filter((finding) => finding.holds === holds).length;
  const failed = checks.filter((check) => outcomeOf(check) === "failed").map(({ title }) => title);
  const result = failed.length === 0
    ? `Nothing failed: ${count(true)} of ${findings.length} findings are as they must be.`
    : `Failed: ${failed.join("; ")}. ${count(false)} of ${findings.length} findings are not as they must be.`;
  const open = count(null);
  return open === 0 ? result : `${result} ${open} could not be tried here and say nothing.`;
}

function stamp(outcome: Outcome): Markup {
  return html`<span class="${classes[outcome]}"><span class="stamp">${words[outcome]}</span></span>`;
}

function checkSection(check: SecurityCheck): Markup {
  const { id, title, method, findings, facts = [] } = check;
  return html`
    <section id="${id}" aria-labelledby="${id}-heading">
      <div class="headline"><h2 id="${id}-heading">${title}</h2>${stamp(outcomeOf(check))}</div>
      ${method === "" ? null : html`<p class="method">${method}</p>`}
      <div class="scroll wide"><table class="findings"><colgroup><col><col><col><col></colgroup>
        <thead><tr><th scope="col">Result</th><th scope="col">What was tried</th><th scope="col">Must be</th>
          <th scope="col">Was</th></tr></thead>
        <tbody>${findings.map(findingRow)}</tbody></table></div>
      ${facts.length === 0 ? null : html`<dl class="facts">${
        facts.map(([name, value]) =>
          html`
            <div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>
          `
        )
      }</dl>`}
    </section>
  `;
}

function findingRow(finding: Finding): Markup {
  const outcome = outcomeOf({ findings: [finding] });
  return html`
    <tr class="${classes[outcome]}">
      <td><span class="stamp">${words[outcome]}</span></td>
      <th scope="row">${finding.what}</th>
      <td data-name="must be">${finding.must}</td>
      <td data-name="was">${finding.found}</td>
    </tr>
  `;
}

function commandSection({ commands }: SelftestReport): Markup {
  return html`
    <section id="commands" aria-labelledby="commands-heading">
      <h2 id="commands-heading">What each command may do</h2>
      <p>As Deno is told at each start; what is not named is refused. PROGRAM is the program’s own folder, which is read
      only.</p>
      <div class="scroll wide">
        <table class="listed">
          <thead>
            <tr>
              <th scope="col">Command</th>
              <th scope="col">Permissions</th>
            </tr>
          </thead>
          <tbody>${commands.map(({ command, flags }) =>
            html`
              <tr>
                <th scope="row"><code>${command}</code></th>
                <td><code>${flags.join(" ")}</code></td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    </section>
  `;
}

function partSection({ parts }: SelftestReport): Markup {
  const content = parts.length === 0
    ? html`<p class="note">The program runs from source. The list comes with the packed file.</p>`
    : html`
      <p>The same list in SPDX 2.3 is in sbom.spdx.json beside this page, every licence in full in licences.txt.</p>
      <div class="scroll wide">
        <table class="listed">
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Version</th>
              <th scope="col">Licence</th>
            </tr>
          </thead>
          <tbody>${parts.map(({ name, version, license }) =>
            html`
              <tr>
                <th scope="row">${name}</th>
                <td>${version}</td>
                <td>${license}</td>
              </tr>
            `
          )}</tbody>
        </table>
      </div>
    `;
  return html`<section id="parts" aria-labelledby="parts-heading"><h2 id="parts-heading">What is inside</h2>${content}
    </section>`;
}
