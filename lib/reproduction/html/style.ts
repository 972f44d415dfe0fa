/**
 * The page's style sheet: system fonts, one accent, light and dark by the system's choice.
 *
 * @module
 */

/** Shades of the confusion matrix with the text on each, light: from paper to deep teal. */
const lightShades = [
  "#fffefa",
  "#eef5f2",
  "#dcecea",
  "#c5e0de",
  "#a9d1d0",
  "#86bfbf",
  "#5fa6a8",
  "#0f6f76",
  "#0b5a63",
  "#07424b",
];
const darkShades = [
  "#1b1e20",
  "#1c2a2c",
  "#1c3638",
  "#1b4346",
  "#1a5155",
  "#186066",
  "#7cc3bd",
  "#93d3cc",
  "#aee2db",
  "#ccf0ea",
];

function shadeRules(shades: readonly string[], isLightOnDeep: boolean): string {
  return shades.map((colour, i) => {
    const isDeep = isLightOnDeep ? i >= 7 : i >= 6;
    const text = isDeep ? (isLightOnDeep ? "#ffffff" : "#06191b") : "var(--text)";
    return `.s${i}{background:${colour};color:${text}}`;
  }).join("");
}

/** The whole sheet, to stand in a `style` element. */
export const style = `
:root{color-scheme:light dark;--page:#f6f4ee;--paper:#fffefa;--text:#1d2327;--muted:#5a636a;--line:#ddd8cc;
--grid:#e6e2d8;--accent:#0b5f66;--soft:#e4efee;--bad:#96281b;--bad-soft:#fbe9e5;--faint:#b9b6ab;--run:#7d8a8d;
--chance:#8a5a00;--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,"Noto Serif",serif;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
${shadeRules(lightShades, true)}
@media screen and (prefers-color-scheme:dark){:root{--page:#111415;--paper:#1b1e20;--text:#e8e6e0;--muted:#a8adaf;--line:#33393c;
--grid:#2b3033;--accent:#74cbc4;--soft:#17302f;--bad:#ff9d8c;--bad-soft:#3a1d18;--faint:#545b5e;--run:#93a0a3;
--chance:#e3b562}
${shadeRules(darkShades, false)}}
*{box-sizing:border-box}
html{font-size:clamp(16px,14.6px + .18vw,19px);scroll-behavior:smooth;scroll-padding-top:4rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--text);font:1rem/1.6 var(--serif);overflow-wrap:break-word;
font-variant-numeric:lining-nums tabular-nums}
h1,h2,h3,p,ul,ol,dl,dd,figure,pre{margin:0;padding:0}
h1{font-size:clamp(1.75rem,1.3rem + 2vw,2.6rem);line-height:1.15;font-weight:600;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.45rem;line-height:1.25;font-weight:600;letter-spacing:-.01em;margin-bottom:.9rem;text-wrap:balance}
h3{font:600 1rem/1.4 var(--sans);margin:1.9rem 0 .8rem}
p,ul{max-width:72ch}
p+p{margin-top:.7rem}
code,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.88em}
pre{padding:.8rem 1rem;background:var(--paper);border:1px solid var(--line);border-radius:6px;overflow-x:auto;
margin-bottom:.8rem;max-width:72ch}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
abbr{text-decoration:none}
small{font-size:.8em}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:9}
body{display:grid;grid-template-columns:minmax(0,1fr);justify-content:center}
nav{border-bottom:1px solid var(--line);font:.82rem/1.4 var(--sans);overflow-x:auto;position:sticky;top:0;z-index:5;
background:var(--page);scrollbar-width:none}
nav ol{list-style:none;display:flex;white-space:nowrap;padding:0 clamp(.4rem,1.8vw,3rem)}
nav a{display:block;padding:.65rem .6rem;color:var(--muted);text-decoration:none}
nav a:hover{color:var(--accent);text-decoration:underline}
main{min-width:0;padding:2rem clamp(1rem,2.4vw,3.5rem) 5rem;width:100%;max-width:106rem;margin:0 auto}
@media (min-width:700px) and (max-width:1559px){nav{position:static}nav ol{flex-wrap:wrap;padding-block:.5rem}
nav a{padding-block:.2rem}html{scroll-padding-top:1.5rem}}
@media (min-width:1560px){body{grid-template-columns:13.5rem minmax(0,106rem)}html{scroll-padding-top:1.5rem}
nav{align-self:start;max-height:100vh;overflow:auto;padding:3.4rem 0 2rem 2rem;border:0}
nav ol{display:block;white-space:normal;border-left:1px solid var(--line);padding:0}nav a{padding:.28rem .9rem}
main{padding-top:3rem}}
section{margin-top:3.2rem;padding-top:1.6rem;border-top:1px solid var(--line)}
.kicker{font:600 .78rem/1.4 var(--sans);letter-spacing:.08em;text-transform:uppercase;color:var(--accent);
margin-bottom:.6rem}
.lead{font-size:1.16rem;line-height:1.5;margin:1rem 0 .8rem;max-width:64ch}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(42%,12.5rem),1fr));gap:.9rem 2rem;
margin-top:1.6rem;font-family:var(--sans);max-width:80rem}
.facts dt,.figures dt{font-size:.75rem;color:var(--muted)}
.facts dd{font-size:.92rem;font-weight:550;overflow-wrap:anywhere}
.verdict-text{font-size:1.2rem;line-height:1.55;border-left:3px solid var(--accent);padding-left:1.1rem;max-width:68ch}
.note{border:1px solid var(--line);background:var(--paper);border-radius:6px;padding:.7rem 1rem;margin-top:1rem}
.checks{list-style:none;display:grid;gap:1rem;max-width:none;
grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr))}
.checks li{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:.9rem 1.1rem}
.checks h3{margin:0 0 .4rem;overflow-wrap:anywhere}
.checks p{font-size:.93rem;line-height:1.5;margin-top:.2rem}
.term{font:600 .8rem var(--sans);color:var(--muted)}
.stamp{display:inline-block;font:650 .78rem/1 var(--sans);padding:.32rem .6rem;border-radius:99px;margin-right:.35rem;
background:var(--soft);color:var(--accent)}
.checks .failed{border:2px solid var(--bad);background:var(--bad-soft)}
.failed .stamp{background:var(--bad);color:var(--paper);border-radius:3px}
.scroll{overflow:auto;max-height:88vh;border:1px solid var(--line);border-radius:6px;background:var(--paper);
margin-top:1.2rem;width:fit-content;max-width:100%;position:relative}
table{border-collapse:separate;border-spacing:0;font:.84rem/1.4 var(--sans)}
caption{text-align:left;padding:.8rem .9rem .5rem;color:var(--muted);font-size:.86rem;max-width:min(70ch,calc(100vw - 2.2rem));
position:sticky;left:0}
th,td{padding:.5rem .6rem;text-align:right;vertical-align:top;border-bottom:1px solid var(--grid)}
tbody:last-child tr:last-child>*{border-bottom:0}
th{font-weight:600}
th[scope=row],th[scope=rowgroup],thead th:first-child,td.words,.comparisons thead th:nth-child(2),
.comparisons thead th:last-child{text-align:left}
thead th{position:sticky;top:0;background:var(--paper);z-index:2;vertical-align:bottom;
border-bottom:2px solid var(--line);line-height:1.3}
th[scope=row]{background:var(--paper);font-weight:500;min-width:9rem}
thead th{min-width:5.2rem;max-width:11rem;overflow-wrap:break-word;hyphens:auto}
.results th,.results td{padding-inline:.5rem}
.results{font-size:.81rem}
@media (min-width:700px){.results th[scope=row],.results thead th:first-child{position:sticky;left:0;z-index:1;
min-width:11rem;padding-left:.9rem}.results thead th:first-child{z-index:3}}
td small,th small{display:block;font-weight:400;color:var(--muted);font-size:.78rem;white-space:nowrap}
th small{white-space:normal}
.published td,.results td{white-space:nowrap}
.group th{background:var(--page);font-weight:650;font-size:.8rem;padding-top:.75rem}
.group th span{position:sticky;left:.75rem}
.deviation{color:var(--muted)}
.best{background:var(--soft)}
.best small,.best .deviation{color:var(--text)}
.star{margin-left:.2em}
.star,.direction{color:var(--accent)}
.none,.chance-column{color:var(--muted)}
thead th.chance-column{min-width:3.4rem}
.at-chance{font-style:italic}
td .at-chance{color:var(--chance)}
.published{display:flex;flex-wrap:wrap;gap:0 1.6rem;align-items:flex-start}
.published .scroll{border-style:dashed}
.comparisons .words small{white-space:normal;font-size:.82rem;min-width:13rem}
.comparisons td.words{min-width:11rem}
.comparisons th[scope=row]{min-width:14rem}
.sign{color:var(--muted)}
.holds .sign{color:var(--accent)}
.reversed .sign,.reversed .verdict b{color:var(--bad)}
.reversed .verdict{box-shadow:inset 4px 0 var(--bad)}
.panels{display:grid;gap:1.1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,21.5rem),1fr));margin-top:1rem}
.panels.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,16rem),1fr))}
.panel{display:flex;flex-direction:column;background:var(--paper);border:1px solid var(--line);border-radius:6px;
padding:.85rem 1rem .7rem;min-width:0;break-inside:avoid;font-family:var(--sans)}
figcaption{flex:1 0 auto;font:600 .88rem/1.35 var(--sans);margin-bottom:.7rem;overflow-wrap:anywhere}
figcaption small{display:block;font-weight:400;color:var(--muted)}
.figures{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:.4rem 0 1rem}
.figures dd{font-size:.88rem}
.plot{display:block;overflow:visible;font:12px var(--sans)}
.plot text{fill:var(--text)}
.plot .tick,.plot .axis-title{fill:var(--muted);font-size:11px}
.plot .label,.plot .number,.plot .chance-label{paint-order:stroke;stroke:var(--paper);stroke-width:4px;
stroke-linejoin:round}
.plot .label{font-size:12.5px}
.plot .number{font-weight:600}
.plot .none{fill:var(--muted);font-weight:400}
.plot .chance-label{fill:var(--chance);font-size:11px}
.grid{stroke:var(--grid);stroke-width:1}
.chance{stroke:var(--chance);stroke-width:1.4;stroke-dasharray:5 4}
.chance.lanes{stroke-dasharray:5 4 5 4 5 19}
.whisker{stroke:var(--accent);stroke-width:2.5;stroke-linecap:round}
.mark{fill:var(--accent);stroke:var(--paper);stroke-width:1.5}
.mark.hollow{fill:var(--paper);stroke:var(--accent);stroke-width:2}
.run{fill:var(--run);opacity:.75}
.curve,.faint,.guide{fill:none;stroke-linejoin:round}
.curve{stroke:var(--accent);stroke-width:2.2}
.faint{stroke:var(--faint);stroke-width:1}
.guide{stroke:var(--chance);stroke-width:1.3;stroke-dasharray:1.5 4;stroke-linecap:round}
.band{fill:var(--accent);opacity:.16}
details{border-top:1px solid var(--line);padding:.2rem 0}
details:last-child{border-bottom:1px solid var(--line)}
summary{font:600 .95rem/1.4 var(--sans);padding:.6rem .2rem;cursor:pointer;overflow-wrap:anywhere}
.scroll:has(.confusion){max-height:none}
details .scroll{margin:0 0 1.2rem}
.confusion{font-size:.78rem}
.confusion td{text-align:center;padding:.3rem .2rem;min-width:2.9rem;border:0;border-bottom:1px solid var(--grid);
border-right:1px solid var(--grid);line-height:1.2;vertical-align:middle}
.confusion td small{color:inherit;font-size:.72rem}
.confusion td.right{font-weight:700;outline:1.5px solid var(--text);outline-offset:-2px}
.confusion th[scope=row]{min-width:0;padding:.3rem .75rem;position:sticky;left:0;z-index:1;max-width:13rem}
.confusion .turned{min-width:0;padding:.6rem .2rem;text-align:center}
.confusion .turned span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap;max-height:12rem;
overflow:hidden;text-overflow:ellipsis}
.confusion td.s0{color:var(--muted)}
.confusion .corner{color:var(--muted);font-weight:400;left:0;z-index:3;min-width:8rem}
.confusion .sum{color:var(--muted)}
.pictures{display:grid;gap:.9rem;grid-template-columns:repeat(auto-fill,minmax(min(44%,8.5rem),1fr));margin-top:1.4rem;
padding-top:1.2rem;border-top:1px dashed var(--line)}
.pictures img,.missing{display:block;width:100%;border-radius:3px;image-rendering:pixelated;background:#000}
.missing{display:grid;place-items:center;background:var(--grid);color:var(--muted);font:.8rem var(--sans)}
.pictures figcaption{font-weight:500;font-size:.78rem;margin:.35rem 0 0}
.key{font:.8rem var(--sans);color:var(--muted);display:flex;flex-wrap:wrap;align-items:center;gap:.6rem;margin-top:.8rem}
.key img{width:10rem;height:.7rem;border-radius:2px}
.terms{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem 2.4rem}
.terms dt{font:600 .92rem/1.4 var(--sans)}
.terms dd{font-size:.95rem;line-height:1.5}
.terms+ul{margin-top:1.4rem}
section ul:not(.checks){padding-left:1.2rem}
section li+li{margin-top:.35rem}
.cannot{font-size:.78rem;color:var(--muted);border-top:1px solid var(--grid);padding-top:.5rem;margin-top:.4rem}
.checks li+li{margin-top:0}
@media print{@page{margin:14mm}:root{color-scheme:light;--page:#fff;--paper:#fff}html{font-size:10.5pt}
body{display:block}nav,.skip{display:none}main{padding:0;max-width:none}
.scroll{max-height:none;overflow:visible;border:0}table{font-size:6.8pt}th,td{padding:.25rem .3rem}
thead th,th[scope=row]{position:static!important;min-width:0!important}thead{display:table-header-group}
thead th{min-width:0}h2,h3,summary,figcaption{break-after:avoid}tr,.checks li,.pictures{break-inside:avoid}
.confusion td,.confusion th{min-width:0;padding:.15rem}.confusion{font-size:6.4pt}.panels{grid-template-columns:1fr 1fr}
.results{font-size:6.4pt}.results th,.results td{padding-inline:.16rem}.results .deviation{display:block}
caption,th small,td small{font-size:7pt}.group th{font-size:7.4pt}.results small{font-size:1em}.comparisons *{min-width:0!important}.comparisons td small{white-space:normal}
details::details-content{content-visibility:visible;display:block}
*{print-color-adjust:exact}}
`;
