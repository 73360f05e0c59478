#pragma once

namespace agent::http {

/// The page's whole style sheet. Text and badges keep a contrast of at least 4.5 to 1 on their grounds
/// (WCAG 2.2, 1.4.3) in both schemes.
inline constexpr const char* kPageStyle = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1c2330;--soft:#586274;--line:#e1e5eb;--code:#eef1f5;
--good:#17663a;--good-bg:#def3e5;--bad:#a3202b;--bad-bg:#fbe3e4;--warn:#7a4b00;--warn-bg:#fdefd2;--none:#4d5768;
--none-bg:#e9ecf1;--link:#1f5fbf;--ground:#f4f6f8}
@media (prefers-color-scheme:dark){:root{--bg:#12161d;--card:#1a202a;--ink:#e4e8ee;--soft:#9aa5b5;--line:#2b3340;
--code:#252d39;--good:#7fdba1;--good-bg:#16352a;--bad:#ff9ea3;--bad-bg:#44202a;--warn:#f3c36b;--warn-bg:#3d301a;
--none:#b3bdcb;--none-bg:#2a323e;--link:#8ab8ff;--ground:#202733}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans",sans-serif}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.25rem;display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem}
h1{font-size:1.7rem;line-height:1.2;margin:0;font-weight:650;overflow-wrap:anywhere;min-width:0}
h2{font-size:.95rem;margin:0 0 .7rem;font-weight:600;color:var(--soft)}
.lead{flex-basis:100%;margin:.1rem 0 1.4rem;color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.2rem 1.4rem;
margin-bottom:1rem;overflow-wrap:anywhere}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 1rem}
p{margin:.25rem 0}
ul,ol{list-style:none;margin:0;padding:0}
li{padding:.7rem 0;border-top:1px solid var(--line)}
li:first-child{border-top:0;padding-top:0}
li:last-child{padding-bottom:0}
.id{font-weight:600;margin:0 .35rem}
.steps .message{font-weight:600;margin-top:.45rem}
.groups{columns:24rem;column-gap:2rem}
details{break-inside:avoid;border-top:1px solid var(--line)}
details ul{padding:.2rem 0 .8rem}
summary{padding:.45rem .2rem;cursor:pointer;border-radius:6px}
summary:hover{background:var(--ground)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.45rem .9rem .45rem 0;border-top:1px solid var(--line)}
td{padding-right:0}
.facts tr:first-child>*{border-top:0}
tbody th{font-weight:500}
.facts th{width:8.5rem;color:var(--soft)}
.routes li{padding:.45rem 0}
.routes .badge{float:right}
.routes p{color:var(--soft);margin:0}
.to{font-weight:600}
.events li{padding:.4rem 0;display:grid;grid-template-columns:5.5rem 1fr;gap:0 1rem}
.events li p{margin:0}
.events time{color:var(--soft)}
@media (min-width:40.01rem){.routes li{display:grid;grid-template-columns:12rem 1fr auto;gap:0 1rem;align-items:baseline}
.routes .badge{order:1}.routes p+p{grid-column:2;order:2}}
.num{font-variant-numeric:tabular-nums}
.quiet{color:var(--soft)}
code{font:13px/1.5 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace}
.remedy{display:block;background:var(--code);border-radius:8px;padding:.6rem .8rem;margin:.55rem 0 0;
white-space:pre-wrap;user-select:all}
.badge{display:inline-block;border-radius:99px;padding:.02rem .6rem;font-size:.82rem;font-weight:600;
white-space:nowrap}
h1+.badge{font-size:1rem;padding:.15rem .95rem}
.good{color:var(--good);background:var(--good-bg)}
.bad{color:var(--bad);background:var(--bad-bg)}
.warn{color:var(--warn);background:var(--warn-bg)}
.none{color:var(--none);background:var(--none-bg)}
svg{display:block;width:100%;margin-bottom:.7rem}
svg text{fill:var(--ink);text-anchor:middle}
svg .name{font-size:13px;font-weight:600}
svg .at{font:11.5px ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace;fill:var(--soft)}
svg .owner{font-size:11.5px;fill:var(--soft);text-anchor:start}
svg .state{font-size:12px;fill:currentColor}
.ground{fill:var(--ground)}
.wire{stroke:var(--soft);stroke-width:1.5}
.cut{stroke-dasharray:2 5}
.mark{fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.mark.good circle{fill:var(--good-bg)}
.mark.bad circle{fill:var(--bad-bg)}
.mark.warn circle{fill:var(--warn-bg)}
.mark.none circle{fill:var(--none-bg);stroke-dasharray:3 4}
.narrow{display:none;max-width:26rem}
.narrow text{text-anchor:start}
.narrow .state{text-anchor:end}
@media (max-width:48rem){.wide{display:none}.narrow{display:block}}
@media (max-width:40rem){header,main,footer{padding:0 .9rem}header{padding-top:1.4rem}section{padding:1rem}
.facts th{width:6.5rem}}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.3rem .7rem;border-radius:6px}
footer{padding-top:.6rem;padding-bottom:2.5rem;color:var(--soft);font-size:.87rem}
nav a{margin-right:1rem}
)css";

/// The style sheet's SHA-256 in Base64, by which the page's Content-Security-Policy lets it and no other in.
/// A test compares the two, and prints the right one.
inline constexpr const char* kPageStyleHash = "De1obeBE++bYdpQwuYg61gooWKvpa0yf12Gb1QqGSxk=";

}  // namespace agent::http
