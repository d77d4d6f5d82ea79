// SPDX-License-Identifier: Apache-2.0
// One model lives here, in a worker of a browser or of Node. vitq.js sends { id, call, ...arguments } and gets
// { id, result } or { id, error } for each in turn, and { id, progress } while a file is downloaded.
'use strict';

const inNode = typeof importScripts !== 'function';
const host = inNode ? nodeHost() : browserHost();
const statuses = {
  1: 'cancelled', 2: 'usage', 3: 'unreadable', 4: 'unsupported', 5: 'mismatch', 6: 'limit', 70: 'internal',
};
const calls = { load, ask, run, memory };

let engine = null;  // of emscripten
let threads = 1;
let model = 0n;  // the handle
let last = Promise.resolve();
const cancelled = new Set();

host.listen((message) => {
  if (message.call === 'cancel') {
    cancelled.add(message.id);
  } else {
    last = last.then(() => answer(message));
  }
});

// A call that was cancelled before its turn is not begun.
async function answer({ id, call, ...given }) {
  try {
    if (cancelled.has(id)) throw refusal(1, 'cancelled');
    await helpersReady();
    const { result, transfer = [] } = await calls[call](given, (progress) => { host.send({ id, progress }, []); });
    host.send({ id, result }, transfer);
  } catch (error) {
    host.send({ id, error: { status: error.status ?? 'internal', message: error.message } }, []);
  }
  cancelled.delete(id);
}

async function load({ isa, threads: count, source, name, verify }, progress) {
  const file = await bytesOf(source, name, progress);
  threads = count;
  const variant = threads > 1 ? 'vitq-threads' : 'vitq';
  const create = host.require(`./${variant}.js`);
  // emscripten's environment is that of its own process; there is no other way into it.
  const limit = (made) => { made.ENV.VITQ_ISA = isa ?? ''; };
  engine = await create({ ...host.moduleOptions(variant), preRun: [limit] });
  await helpersReady();
  const scope = new Scope(engine);
  try {
    const options = scope.fields(16);
    options.u32(0, 16);
    options.i32(4, threads);
    options.i32(8, verify ? 1 : 0);
    options.u32(12, scope.text(name));
    const handle = scope.fields(8);
    check(engine._vitq_model_load_bytes(scope.bytes(file), file.length, options.address, handle.address));
    model = handle.u64(0);
    const info = JSON.parse(scope.resultText((result) => engine._vitq_web_describe(model, file.length, result)));
    return { result: { info, isa: engine.UTF8ToString(engine._vitq_web_isa()), threads } };
  } finally {
    scope.end();
  }
}

async function ask({ question, image }) {
  const scope = new Scope(engine);
  try {
    const pixels = image.data !== undefined;
    const bytes = pixels ? rgbOf(image) : await bytesOf(image, question.image);
    const given = scope.fields(16);
    given.u32(0, scope.bytes(bytes));
    given.u32(4, bytes.length);
    given.i32(8, pixels ? image.width : 0);
    given.i32(12, pixels ? image.height : 0);
    const words = scope.text(JSON.stringify(question));
    const text = scope.resultText((result) => engine._vitq_web_ask(model, words, given.address, result));
    return { result: JSON.parse(text) };
  } finally {
    scope.end();
  }
}

const tensorBytes = 88;
const mostExtents = 8;

async function run({ input, shape }) {
  const scope = new Scope(engine);
  try {
    const tensor = scope.fields(tensorBytes);
    tensor.u32(0, tensorBytes);
    tensor.i32(8, input instanceof Float32Array ? 0 : 1);
    tensor.i32(12, shape.length);
    shape.slice(0, mostExtents).forEach((extent, axis) => { tensor.u64(16 + 8 * axis, BigInt(extent)); });
    tensor.u32(80, scope.bytes(new Uint8Array(input.buffer, input.byteOffset, input.byteLength)));
    const result = scope.result((address) => engine._vitq_run(model, tensor.address, address));
    const outputs = tensorsOf(scope, result);
    return { result: outputs, transfer: outputs.map(({ data }) => data.buffer) };
  } finally {
    scope.end();
  }
}

async function memory() {
  return { result: engine.HEAPU8.length };
}

function tensorsOf(scope, result) {
  const list = scope.fields(8);
  check(engine._vitq_result_tensors(result, list.address, list.address + 4));
  return Array.from({ length: list.get32(4) }, (_, index) => {
    const item = new Fields(engine, list.get32(0) + index * tensorBytes);
    const shape = Array.from({ length: item.get32(12) }, (_, axis) => Number(item.u64(16 + 8 * axis)));
    const count = shape.reduce((product, extent) => product * extent, 1);
    const first = item.get32(80);
    return {
      name: engine.UTF8ToString(item.get32(4)),
      shape,
      data: new Float32Array(engine.HEAPU8.slice(first, first + 4 * count).buffer),
    };
  });
}

// A session starts its threads in the middle of a call, when no worker can be made for them. So there are
// always as many idle ones as a session takes.
async function helpersReady() {
  const pool = engine?.PThread;
  while (pool && pool.unusedWorkers.length < threads - 1) {
    pool.allocateUnusedWorker();
    const worker = pool.unusedWorkers[pool.unusedWorkers.length - 1];
    await new Promise((ready) => { pool.loadWasmModuleToWorker(worker, ready); });
  }
}

// Memory of the engine that is given back at the end of a call.
class Scope {
  #engine;
  #addresses = [];
  #results = [];

  constructor(of) {
    this.#engine = of;
  }

  #allocate(count) {
    const address = this.#engine._malloc(Math.max(count, 1));
    if (address === 0) throw refusal(6, 'out of memory');
    this.#addresses.push(address);
    return address;
  }

  fields(count) {
    const address = this.#allocate(count);
    this.#engine.HEAPU8.fill(0, address, address + count);
    return new Fields(this.#engine, address);
  }

  bytes(array) {
    const address = this.#allocate(array.length);
    this.#engine.HEAPU8.set(array, address);
    return address;
  }

  text(words) {
    return this.bytes(new TextEncoder().encode(`${words}\0`));
  }

  // Calls call(address of a handle) and answers the handle.
  result(call) {
    const handle = this.fields(8);
    check(call(handle.address));
    this.#results.push(handle.u64(0));
    return handle.u64(0);
  }

  resultText(call) {
    const result = this.result(call);
    const text = this.fields(4);
    check(this.#engine._vitq_result_text(result, text.address));
    return this.#engine.UTF8ToString(text.get32(0));
  }

  end() {
    for (const result of this.#results) this.#engine._vitq_result_free(result);
    for (const address of this.#addresses) this.#engine._free(address);
  }
}

// A struct of the C interface. The engine's memory may grow between any two uses, and then has a new buffer.
class Fields {
  #engine;

  constructor(of, address) {
    this.#engine = of;
    this.address = address;
  }

  get #view() {
    return new DataView(this.#engine.HEAPU8.buffer, this.address);
  }

  u32(at, value) {
    this.#view.setUint32(at, value, true);
  }

  i32(at, value) {
    this.#view.setInt32(at, value, true);
  }

  get32(at) {
    return this.#view.getUint32(at, true);
  }

  u64(at, value) {
    if (value === undefined) return this.#view.getBigUint64(at, true);
    this.#view.setBigUint64(at, value, true);
    return value;
  }
}

function check(status) {
  if (status !== 0) throw refusal(status, engine.UTF8ToString(engine._vitq_last_error()));
}

function refusal(status, message) {
  return Object.assign(new Error(message), { status: statuses[status] ?? 'internal' });
}

function rgbOf({ data, width, height }) {
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from];
    rgb[to + 1] = data[from + 1];
    rgb[to + 2] = data[from + 2];
  }
  return rgb;
}

// `source` is an address (a string), a Blob or bytes.
async function bytesOf(source, name, progress = () => {}) {
  if (typeof source === 'string') return download(source, name, progress);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  return source instanceof ArrayBuffer ? new Uint8Array(source) : source;
}

async function download(address, name, progress) {
  try {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
    const total = Number(response.headers.get('Content-Length')) || undefined;
    const parts = [];
    let loaded = 0;
    for (let reader = response.body.getReader(), part; !(part = await reader.read()).done;) {
      parts.push(part.value);
      loaded += part.value.length;
      progress({ loaded, total });
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (error) {
    throw refusal(3, `${name}: cannot be downloaded: ${error.message}`);
  }
}

function browserHost() {
  return {
    listen(take) { self.onmessage = ({ data }) => { take(data); }; },
    send(message, transfer) { self.postMessage(message, transfer); },
    require(file) {
      importScripts(file);
      return self.createVitq;
    },
    moduleOptions: (variant) => ({ mainScriptUrlOrBlob: new URL(`${variant}.js`, self.location.href).href }),
  };
}

function nodeHost() {
  const { parentPort } = require('node:worker_threads');
  const { readFileSync } = require('node:fs');
  const { join } = require('node:path');
  return {
    listen(take) { parentPort.on('message', take); },
    send(message, transfer) { parentPort.postMessage(message, transfer); },
    require,
    moduleOptions: (variant) => ({ wasmBinary: readFileSync(join(__dirname, `${variant}.wasm`)) }),
  };
}
