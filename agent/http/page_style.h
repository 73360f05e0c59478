#pragma once

namespace agent::http {

/// The page's whole style sheet. Text and badges keep a contrast of at least 4.5 to 1 on their grounds
/// (WCAG 2.2, 1.4.3) in both schemes.
inline constexpr const char* kPageStyle = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1c2330;--soft:#586274;--line:#e1e5eb;--code:#eef1f5;
--good:#17663a;--good-bg:#def3e5;--bad:#a3202b;--bad-bg:#fbe3e4;--warn:#7a4b00;--warn-bg:#fdefd2;--none:#4d5768;
--none-bg:#e9ecf1;--link:#1f5fbf}
@media (prefers-color-scheme:dark){:root{--bg:#12161d;--card:#1a202a;--ink:#e4e8ee;--soft:#9aa5b5;--line:#2b3340;
--code:#252d39;--good:#7fdba1;--good-bg:#16352a;--bad:#ff9ea3;--bad-bg:#44202a;--warn:#f3c36b;--warn-bg:#3d301a;
--none:#b3bdcb;--none-bg:#2a323e;--link:#8ab8ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans",sans-serif}
header,main,footer{max-width:64rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.25rem;display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 1rem}
h1{font-size:1.7rem;line-height:1.2;margin:0;font-weight:650;overflow-wrap:anywhere}
h2{font-size:.95rem;margin:0 0 .6rem;font-weight:600;color:var(--soft)}
.lead{flex-basis:100%;margin:.1rem 0 1.4rem;color:var(--soft)}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.3rem;
margin-bottom:1rem;overflow-x:auto}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.42rem .9rem .42rem 0;border-top:1px solid var(--line)}
tr:first-child>*{border-top:0}
tbody tr:first-child>*{border-top:1px solid var(--line)}
.facts tr:first-child>*{border-top:0}
thead th{font-size:.82rem;font-weight:600;color:var(--soft);padding-top:0}
tbody th{font-weight:500}
.facts th{width:8.5rem;color:var(--soft)}
.facts td{overflow-wrap:anywhere}
.checks th{white-space:nowrap}
.checks td:nth-child(3),.checks td:last-child{white-space:nowrap;color:var(--soft)}
.checks td:nth-child(4){width:60%}
@media (max-width:40rem){.checks :is(th,td):is(:nth-child(3),:nth-child(5)){display:none}}
.num{font-variant-numeric:tabular-nums}
p{margin:.25rem 0}
.why,.quiet{color:var(--soft)}
code{font:13px/1.5 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",monospace}
.remedy{display:block;background:var(--code);border-radius:8px;padding:.45rem .7rem;margin:.4rem 0;
white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
.badge{display:inline-block;border-radius:99px;padding:.02rem .6rem;font-size:.82rem;font-weight:600;
white-space:nowrap}
h1+.badge{font-size:.95rem;padding:.1rem .8rem;align-self:center}
.good{color:var(--good);background:var(--good-bg)}
.bad{color:var(--bad);background:var(--bad-bg)}
.warn{color:var(--warn);background:var(--warn-bg)}
.none{color:var(--none);background:var(--none-bg)}
a{color:var(--link)}
footer{padding-top:.6rem;padding-bottom:2.5rem;color:var(--soft);font-size:.87rem}
nav a{margin-right:1rem}
)css";

}  // namespace agent::http
