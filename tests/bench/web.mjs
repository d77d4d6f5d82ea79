// SPDX-License-Identifier: Apache-2.0
// node web.mjs MODELS PEER [ROUNDS]: times a network in headless Chromium, one thread, against onnxruntime-web. MODELS is
// what peers.py leaves of a network in build/peers, PEER the folder `dist` of the npm package onnxruntime-web. Every
// round times each party in turn. It prints a table of the fastest and the median run.
import { Chromium } from '../web/chromium.mjs';
import { serve } from '../web/server.mjs';
import { built, tree } from '../web/tree.mjs';

const [models, peer, rounds = '10'] = process.argv.slice(2);
if (!peer) {
  console.error('usage: node web.mjs MODELS PEER [ROUNDS]');
  process.exit(2);
}
const host = await serve({ '/vitq/': `${built}/package`, '/test/': `${tree}tests/web`, '/models/': models, '/peer/': peer });
const browser = await Chromium.start();
try {
  const page = await browser.open(`${host.address}/test/blank.html`);
  const found = await page.evaluate(timeAll, Number(rounds));
  console.log(`${found.browser}; onnxruntime-web ${found.peer}\n\n| | min ms | median ms |\n|---|---|---|`);
  for (const { name, times } of found.parties) {
    times.sort((a, b) => a - b);
    console.log(`| ${name} | ${times[0].toFixed(1)} | ${times[times.length >> 1].toFixed(1)} |`);
  }
} finally {
  await browser.close();
  await host.stop();
}

// Runs in the page.
async function timeAll(count) {
  const ort = await import('/peer/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/peer/';
  const { load } = await import('/vitq/vitq.js');
  const parties = [];
  for (const [name, file] of [['float', 'packed'], ['dynamic int8', 'dynamic'], ['static int8', 'static']]) {
    const session = await ort.InferenceSession.create(`/models/${file}.batch1.onnx`, { executionProviders: ['wasm'] });
    const pixels = new ort.Tensor('float32', new Float32Array(3 * 224 * 224).fill(0.3), [1, 3, 224, 224]);
    parties.push({ name: `onnxruntime-web ${name}`, run: () => session.run({ [session.inputNames[0]]: pixels }), times: [] });
  }
  for (const [file, Input] of [['f32', Float32Array], ['w7a8', Uint8Array]]) {
    for (const isa of ['simd128', 'relaxed_simd']) {
      const model = await load(`/models/${file}.safetensors`, { isa, threads: 1 });
      const input = new Input(3 * 224 * 224).fill(1);
      parties.push({ name: `vitq ${file} ${isa}`, run: () => model.run(input), times: [] });
    }
  }
  for (let round = 0; round < count; ++round) {
    for (const { run, times } of parties) {
      for (let i = 0; i < 3; ++i) {
        const start = performance.now();
        await run();
        times.push(performance.now() - start);
      }
    }
  }
  return { browser: navigator.userAgent.match(/\w*Chrome\/[\d.]+/)[0], peer: ort.env.versions.web,
    parties: parties.map(({ name, times }) => ({ name, times })) };
}
