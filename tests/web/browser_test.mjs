// SPDX-License-Identifier: Apache-2.0
// The package and the page in a headless Chromium. `node --test` runs it after ./dev web has built.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Chromium } from './chromium.mjs';
import { serve } from './server.mjs';
import { built, digestPaths, recordedDigests, tree } from './tree.mjs';

const folders = { '/': join(built, 'site'), '/tree/': tree, '/test/': join(tree, 'tests/web') };
const photo = join(tree, 'docs/images/samples/chelsea.png');
const shots = join(built, 'screenshots');
let browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await Chromium.start(['--window-size=1100,1000']);
});
after(() => browser.close());

for (const isolated of [false, true]) {
  for (const isa of ['simd128', 'relaxed_simd']) {
    const threads = isolated ? 'with threads' : 'one thread';
    test(`every network of the tree gives the recorded bits: ${isa}, ${threads}`, async () => {
      await withPage('/test/blank.html', { isolated }, async (page) => {
        assert.equal(await page.evaluate('crossOriginIsolated'), isolated);
        const address = isolated ? '/tree/build/web-threads/bin/digests-threads.js' : '/tree/build/web/bin/digests.js';
        const said = await page.evaluate((request) => new Promise((resolve) => {
          const worker = new Worker('/test/digests.js');
          worker.onmessage = ({ data }) => { resolve(data); };
          worker.onerror = ({ message }) => { resolve(message); };
          worker.postMessage(request);
        }), { address, paths: digestPaths(), isa });
        assert.equal(said, recordedDigests);
      });
    });
  }
}

test('the engine has relaxed SIMD, and threads where the page is isolated', async () => {
  for (const isolated of [false, true]) {
    await withPage('/test/blank.html', { isolated }, async (page) => {
      const found = await page.evaluate(async () => {
        const { load } = await import('/vitq/vitq.js');
        const progress = [];
        const model = await load('/models/default.safetensors', { onProgress: (step) => { progress.push(step); } });
        const { isa, threads } = model;
        model.close();
        return { isa, threads, cpus: navigator.hardwareConcurrency, last: progress.at(-1) };
      });
      assert.equal(found.isa, 'relaxed_simd');
      assert.equal(found.threads, isolated ? Math.min(found.cpus, 8) : 1);
      assert.equal(found.last.loaded, found.last.total);
    });
  }
});

test('the page answers, shows attention, and works without its host', async () => {
  await withPage('/', {}, async (page, host) => {
    await page.until('document.getElementById("model").options.length === 2');
    await choose(page, photo);
    await page.until('/cat\\s+95\\.0 %/.test(document.querySelector(".answer")?.innerText)');
    await shoot(page, 'answer');
    await page.evaluate('document.querySelector("input[value=attention]").click()');
    await page.until('/layer 7/.test(document.querySelector("figcaption").innerText)');
    await shoot(page, 'attention');
    await page.until('navigator.serviceWorker.controller !== null');
    await host.stop();
    await page.goTo(`${host.address}/`);
    assert.equal(await page.evaluate('crossOriginIsolated'), true);
    await choose(page, photo);
    await page.until('/cat\\s+95\\.0 %/.test(document.querySelector(".answer")?.innerText)');
    await page.evaluate(() => {
      const list = document.getElementById('model');
      list.value = 'detr-small';
      list.dispatchEvent(new Event('change'));
    });
    await choose(page, join(tree, 'docs/images/scenes/scene_1.png'));
    await page.until('/truck\\s+99\\.6 %/.test(document.querySelector(".answer")?.innerText)');
    await shoot(page, 'boxes');
    assert.deepEqual(page.log, []);
  });
});

test('models and pictures of the user, good and bad', async () => {
  const bad = join(built, 'bad.safetensors');
  writeFileSync(bad, 'no model');
  const torn = join(built, 'torn.png');
  writeFileSync(torn, Buffer.from('89504e470d0a1a0a', 'hex'));
  await withPage('/', {}, async (page) => {
    await page.until('document.getElementById("model").options.length === 2');
    await choose(page, bad);
    await page.until('/bad\\.safetensors: byte 0/i.test(document.body.innerText)');
    await shoot(page, 'bad_model');
    await choose(page, torn);
    await page.until('/torn\\.png is no image/.test(document.body.innerText)');
    await choose(page, join(tree, 'models/pretrained/vit-cifar10/int8.safetensors'));
    await page.until('document.getElementById("model").options[0].value === "int8 (yours)"');
    await choose(page, photo);
    await page.until('/int8 \\(yours\\)[\\s\\S]*cat\\s+95\\.0 %/.test(document.querySelector(".pane")?.innerText)');
  });
});

test('the page fits a phone', async () => {
  await withPage('/', {}, async (page) => {
    const phone = { width: 390, height: 844, deviceScaleFactor: 2, mobile: true };
    await page.call('Emulation.setDeviceMetricsOverride', phone);
    await page.until('document.getElementById("model").options.length === 2');
    await choose(page, photo);
    await page.until('/95\\.0 %/.test(document.querySelector(".answer")?.innerText)');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), true);
    await shoot(page, 'phone');
  });
});

async function withPage(path, options, use) {
  const host = await serve(folders, options);
  const page = await browser.open(host.address + path);
  try {
    await use(page, host);
  } finally {
    await page.close();
    await host.stop().catch(() => {});  // a test may have stopped it
  }
}

async function choose(page, file) {
  const { root } = await page.call('DOM.getDocument');
  const { nodeId } = await page.call('DOM.querySelector', { nodeId: root.nodeId, selector: '#file' });
  await page.call('DOM.setFileInputFiles', { nodeId, files: [file] });
}

async function shoot(page, name) {
  writeFileSync(join(shots, `${name}.png`), await page.screenshot());
}
