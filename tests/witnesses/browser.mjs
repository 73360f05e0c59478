// Debian's Chromium shows pages as their readers see them, and axe-core judges them.
//
//   browser.mjs PROGRAM FOLDER     FOLDER/pages.json: [{name, body, headers, looks: [[1200, "light"], …]}]
//
// A picture of each look comes into FOLDER; what was found of it is printed.
//
// Whatever the browser asks for is answered here, by the page's bytes and headers: it has no network.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const [program, folder] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const browser = await puppeteer.launch({
  executablePath: program, pipe: true, headless: 'shell', userDataDir: '/tmp/profile',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars'] });

async function opened({ body, headers }, width, scheme) {
  const tab = await browser.newPage();
  const asked = [], complaints = [];
  tab.on('console', message => complaints.push(message.text()));
  tab.on('pageerror', error => complaints.push(String(error)));
  await tab.setJavaScriptEnabled(false);
  await tab.setRequestInterception(true);
  tab.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol === 'data:') return request.continue();
    asked.push(url.pathname);
    request.respond({ status: 200, headers, contentType: headers['Content-Type'], body });
  });
  await tab.setViewport({ width, height: 800, deviceScaleFactor: width < 500 ? 2 : 1 });
  await tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  await tab.goto('http://127.0.0.1:16925/');
  return { tab, asked, complaints };
}

// What a keyboard reaches, in its order, and whether it shows where it is.
async function stops(tab) {
  const found = [];
  for (let i = 0; i < 100; ++i) {
    await tab.keyboard.press('Tab');
    const stop = await tab.evaluate(() => {
      const at = document.activeElement;
      const box = at.getBoundingClientRect();
      return { name: at.localName, text: at.textContent.trim().slice(0, 60), outline: getComputedStyle(at).outlineStyle,
               seen: box.width > 0 && box.left >= 0 && box.right <= innerWidth };
    });
    if (stop.name === 'body') break;
    found.push(stop);
  }
  return found;
}

const findings = [];
for (const page of JSON.parse(readFileSync(`${folder}/pages.json`, 'utf8'))) {
  for (const [width, scheme] of page.looks) {
    const { tab, asked, complaints } = await opened(page, width, scheme);
    const name = `${page.name}-${width}-${scheme}`;
    const finding = { name, complaints, asked: [...asked] };
    await tab.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
    Object.assign(finding, await tab.evaluate(() => ({
      wide: document.documentElement.scrollWidth - innerWidth,
      // A box that something in it sticks out of.
      overflowing: [...document.querySelectorAll('body *')]
        .filter(each => !each.closest('svg') && each.getBoundingClientRect().right > innerWidth + 1)
        .map(each => each.outerHTML.slice(0, 80)),
      pictures: [...document.querySelectorAll('svg')].filter(each => each.getBoundingClientRect().width > 0).length,
      // SVG neither wraps nor cuts.
      outside: [...document.querySelectorAll('svg')].filter(each => each.getBoundingClientRect().width > 0)
        .flatMap(svg => [...svg.querySelectorAll('text')].filter(text => {
          const box = text.getBoundingClientRect(), frame = svg.getBoundingClientRect();
          return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
        }).map(text => text.textContent)),
      background: getComputedStyle(document.body).backgroundColor,
    })));
    finding.stops = await stops(tab);
    // Up to here no script may run. Chromium lets who debugs it run axe where the page's policy does not.
    await tab.setJavaScriptEnabled(true);
    await tab.reload();
    await tab.evaluate(AXE);
    await tab.evaluate(() => document.querySelectorAll('details').forEach(each => { each.open = true; }));
    const { violations } = await tab.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    finding.violations = violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).slice(0, 3)}`);
    finding.wide_when_open = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    findings.push(finding);
    await tab.close();
  }
}
await browser.close();
console.log(JSON.stringify(findings));
