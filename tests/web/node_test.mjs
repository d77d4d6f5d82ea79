// SPDX-License-Identifier: Apache-2.0
// The package in Node: bits, answers, refusals, and memory. `node --test` runs it after ./dev web has built.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { built, bytesOf, digestPaths, recordedDigests, tree } from './tree.mjs';

const require = createRequire(import.meta.url);
const { digestsOf } = require('./digests.js');
const { load, VitqError } = await import(join(built, 'package/vitq.js'));

const model = bytesOf('models/pretrained/vit-cifar10/int8.safetensors');
const photo = bytesOf('docs/images/samples/chelsea.png');
const threadCounts = existsSync(join(built, 'package/wasm/vitq-threads.js')) ? [1, 2] : [1];
const files = digestPaths().map((path) => [path, bytesOf(path)]);

// Node 20 knows relaxed SIMD behind a flag alone. Where an engine does not, the module falls back.
for (const isa of ['simd128', 'relaxed_simd']) {
  for (const threads of threadCounts) {
    test(`every network of the tree gives the recorded bits: ${isa}, threads: ${threads}`, async () => {
      const folder = join(tree, threads > 1 ? 'build/web-threads/bin/digests-threads' : 'build/web/bin/digests');
      const options = { wasmBinary: readFileSync(`${folder}.wasm`) };
      assert.equal(await digestsOf(require(`${folder}.js`), files, isa, options), recordedDigests);
    });
  }
}

for (const threads of threadCounts) {
  test(`a photograph is classified, threads: ${threads}`, async () => {
    const opened = await load(model, { name: 'int8.safetensors', threads });
    const answer = await opened.classify(photo, 3, { name: 'chelsea.png' });
    assert.deepEqual(answer.predictions.map(({ label, score }) => [label, score]),
      [['cat', 0.9503422], ['truck', 0.007943733], ['bird', 0.0064829234]]);
    assert.deepEqual([answer.image, answer.width, answer.height, answer.model], ['chelsea.png', 451, 300, 'int8.safetensors']);
    assert.deepEqual(Object.keys(answer.timing_ms), ['decode', 'preprocess', 'infer', 'post']);
    opened.close();
  });
}

test('pixels, a run and attention', async () => {
  const opened = await load(model, { threads: 1 });
  const pixels = { data: new Uint8ClampedArray(4 * 32 * 32).fill(128), width: 32, height: 32 };
  const answer = await opened.classify(pixels, 1);
  const [logits] = await opened.run(new Uint8Array(3 * 32 * 32).fill(128));
  assert.deepEqual(logits.shape, [1, 10]);
  assert.equal(logits.data.indexOf(Math.max(...logits.data)), answer.predictions[0].id);
  const { grid, maps } = await opened.attention(photo);
  assert.deepEqual([grid, maps.length, maps[0].length, maps[0][0].length], [[8, 8], 7, 3, 64]);
  opened.close();
});

test('a worker survives what is broken', async () => {
  await refused(load(model.slice(0, 1000), { name: 'half.safetensors', threads: 1 }), 'unsupported', /^half\.safetensors: /);
  await refused(load(new Uint8Array(3), { threads: 1 }), 'unsupported', /a file of 3 bytes/);
  const opened = await load(model, { threads: 1 });
  await refused(opened.classify(photo.slice(0, 2000), 1, { name: 'half.png' }), 'unsupported', /^half\.png: /);
  await refused(opened.classify(new Uint8Array(0), 1), 'unsupported', /an empty file/);
  await refused(opened.detect(photo), 'unsupported', /has no detect; it has classify, attention/);
  await refused(opened.run(new Uint8Array(12), { shape: [1, 3, 2, 2] }), 'usage', /./);
  assert.throws(() => opened.run(new Uint8Array(12)), RangeError);
  assert.throws(() => opened.run([1, 2]), TypeError);
  assert.equal((await opened.classify(photo, 1)).predictions[0].label, 'cat');
  opened.close();
  await refused(opened.classify(photo), 'usage', /closed/);
});

test('what is out of memory is an answer', async () => {
  const opened = await load(model, { threads: 1 });
  await refused(opened.run(new Uint8Array(20_000 * 3 * 32 * 32), { shape: [20_000, 3, 32, 32] }), 'limit', /needs \d+ MB/);
  assert.equal((await opened.classify(photo, 1)).predictions[0].label, 'cat');
  opened.close();
});

test('calls are cancelled', async () => {
  const opened = await load(model, { threads: 1 });
  const controller = new AbortController();
  const first = opened.classify(photo, 1);
  const second = opened.classify(photo, 1, { signal: controller.signal });
  controller.abort();
  await assert.rejects(second, { name: 'AbortError' });
  assert.equal((await first).predictions[0].label, 'cat');
  await assert.rejects(load(model, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  opened.close();
});

test('memory stays the same over a thousand images', async () => {
  const opened = await load(model, { threads: 1 });
  const pixels = { data: new Uint8ClampedArray(4 * 64 * 64), width: 64, height: 64 };
  for (let i = 0; i < 100; ++i) await opened.classify(pixels, 1);
  const before = await opened.memory();
  for (let i = 0; i < 1000; ++i) await opened.classify(pixels, 1);
  assert.equal(await opened.memory(), before);
  opened.close();
});

async function refused(promise, status, message) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof VitqError, String(error));
    assert.equal(error.status, status);
    assert.match(error.message, message);
    return true;
  });
}
