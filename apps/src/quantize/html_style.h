// SPDX-License-Identifier: Apache-2.0
// The HTML report is light or dark as the reader's system is, and fits wide and narrow screens.
#pragma once

#include <string_view>

namespace vitq::apps {

inline constexpr std::string_view kHtmlStyle = R"(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#5c6878;--rule:#dde2e8;
--accent:#2563a8;--mark:#c2410c;--room:#eceff3}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b212a;--ink:#e6eaf0;--soft:#9aa7b8;
--rule:#313a46;--accent:#5b9fe0;--mark:#f59e5b;--room:#28303b}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1120px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:26px;line-height:1.25;margin:8px 0 20px;overflow-wrap:anywhere}
h1 small{display:block;font-size:14px;font-weight:400;color:var(--soft)}
h2{font-size:18px;margin:0 0 4px}
h3{font-size:15px;margin:24px 0 4px}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px;
margin:0 0 16px}
.note{color:var(--soft);margin:0 0 14px;max-width:75ch}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:16px 24px;margin:0}
dt{color:var(--soft);font-size:13px}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
dd small{display:block;font-weight:400;color:var(--soft)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:4px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th{color:var(--soft);font-weight:600}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody th{font-weight:400;color:var(--ink)}
pre{background:var(--room);border-radius:6px;padding:12px;overflow-x:auto;font-size:13px;margin:0 0 14px}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer}
svg{display:block}
.strip svg{width:100%;height:64px}
.ends{display:flex;justify-content:space-between;font-size:12px;color:var(--soft);margin:4px 0 12px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin:0 0 12px}
.legend i{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:6px}
.legend i.before{width:4px}
.bars{font-size:13px;columns:2;column-gap:32px}
.bars div{display:grid;grid-template-columns:minmax(0,11em) 1fr 4.5em;gap:10px;align-items:center;
break-inside:avoid;padding:2px 0}
.bars span{overflow-wrap:anywhere}
.bars svg{width:100%;height:14px}
.bars b{font-weight:400;text-align:right;font-variant-numeric:tabular-nums}
.spreads{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:16px 20px}
figure{margin:0;min-width:0}
figcaption{font-size:13px;overflow-wrap:anywhere;margin:0 0 3px}
.spreads svg{width:100%;height:56px}
.spreads .ends{margin:1px 0 0}
.codes{font-size:12px;margin:0}
.inputs{fill:var(--accent)}
.end-of-codes{fill:var(--mark)}
.ends-of-rows{fill:var(--mark);fill-opacity:.3;background:color-mix(in srgb,var(--mark) 30%,var(--card))}
.plot{max-width:860px;min-width:560px}
.plot svg{width:100%;height:auto}
.plot text{fill:var(--ink);font-size:12px}
.plot .axis{fill:var(--soft)}
.plot .mid{text-anchor:middle}
.plot .end{text-anchor:end}
.plot .strong{font-weight:700;fill:var(--mark)}
.grid{stroke:var(--rule)}
.front{fill:none;stroke:var(--accent);stroke-width:1.5}
.dot{fill:var(--accent)}
.uniform{fill:var(--card);stroke:var(--ink);stroke-width:1.5}
.chosen{fill:var(--mark);stroke:var(--card);stroke-width:2}
.room{fill:var(--room)}
.after{fill:var(--accent);background:var(--accent)}
.before{fill:var(--mark);background:var(--mark)}
.b2{fill:#7a0f2b;background:#7a0f2b}
.b3{fill:#b3243d;background:#b3243d}
.b4{fill:#e0533d;background:#e0533d}
.b5{fill:#f0913e;background:#f0913e}
.b6{fill:#e9c64f;background:#e9c64f}
.b7{fill:#55ab9d;background:#55ab9d}
.b8{fill:#2f74a6;background:#2f74a6}
.b9,.b10,.b11,.b12{fill:#274b8a;background:#274b8a}
.b13,.b14,.b15,.b16{fill:#2b2a66;background:#2b2a66}
.float{fill:#98a2af;background:#98a2af}
@media (max-width:720px){.bars{columns:1}section{padding:16px 12px}
.bars div{grid-template-columns:1fr 4.5em;gap:2px 10px;padding:4px 0}.bars span{grid-column:1/-1}}
)";

}  // namespace vitq::apps
