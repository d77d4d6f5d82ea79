// SPDX-License-Identifier: Apache-2.0
// Models in a worker of their own, in browsers and in Node. vitq.d.ts says what everything means.

const inNode = typeof process === 'object' && process.versions?.node !== undefined;
const mostThreads = 8;

export class VitqError extends Error {
  constructor(message, status) {
    super(message);
    this.name = 'VitqError';
    this.status = status;
  }
}

export async function load(source, options = {}) {
  const { name = nameOf(source), threads = await usualThreads(), isa, verify = false, signal, onProgress } = options;
  signal?.throwIfAborted();
  const worker = await Worker.start();
  const call = { call: 'load', source: sendable(source), name, threads, isa, verify };
  try {
    const loaded = await worker.call(call, { signal, onProgress });
    return new Model(worker, name, loaded);
  } catch (error) {
    worker.end();
    throw error;
  }
}

export class Model {
  #worker;

  constructor(worker, name, { info, isa, threads }) {
    this.#worker = worker;
    Object.assign(this, { name, info, isa, threads });
  }

  classify(image, k = 5, options = {}) {
    return this.ask('classify', image, { ...options, top: k });
  }

  detect(image, threshold = 0.5, options = {}) {
    return this.ask('detect', image, { ...options, threshold });
  }

  features(image, options = {}) {
    return this.ask('features', image, options);
  }

  attention(image, options = {}) {
    return this.ask('attention', image, options);
  }

  ask(kind, image, { signal, name = nameOf(image), ...options } = {}) {
    const question = { ...options, kind, model: this.name, image: name };
    return this.#worker.call({ call: 'ask', question, image: sendable(image) }, { signal });
  }

  run(input, { shape = [1, ...this.info.input], signal } = {}) {
    if (!(input instanceof Float32Array || input instanceof Uint8Array)) {
      throw new TypeError('run() takes a Float32Array or a Uint8Array');
    }
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (count !== input.length) {
      throw new RangeError(`${shape.join(' x ')} values were expected, found ${input.length}`);
    }
    return this.#worker.call({ call: 'run', input, shape }, { signal });
  }

  memory() {
    return this.#worker.call({ call: 'memory' }, {});
  }

  close() {
    this.#worker.end();
  }
}

// Threads share memory, which browsers allow to pages that are isolated from other origins.
async function usualThreads() {
  const shared = inNode || globalThis.crossOriginIsolated === true;
  if (!shared) return 1;
  const cpus = inNode ? (await import('node:os')).availableParallelism() : navigator.hardwareConcurrency;
  return Math.max(1, Math.min(cpus, mostThreads));
}

function nameOf(source) {
  if (typeof source === 'string' || source instanceof URL) return String(source).split(/[?#]/)[0].split('/').pop();
  return source?.name ?? 'bytes';
}

// What a worker is sent: an address in full, because the worker has another one.
function sendable(source) {
  if (typeof source !== 'string' && !(source instanceof URL)) return source;
  return new URL(source, globalThis.document?.baseURI).href;
}

// Sends calls to worker.js and gives each its answer.
class Worker {
  #thread;
  #calls = new Map();
  #latest = 0;

  static async start() {
    const address = new URL('wasm/worker.js', import.meta.url);
    if (!inNode) return new Worker(new globalThis.Worker(address));
    const { Worker: Thread } = await import('node:worker_threads');
    const thread = new Thread(address);
    const worker = new Worker(thread);
    thread.on('message', (data) => { thread.onmessage({ data }); });
    thread.on('error', (error) => { thread.onerror(error); });
    return worker;
  }

  constructor(thread) {
    this.#thread = thread;
    thread.onmessage = ({ data }) => { this.#take(data); };
    thread.onerror = ({ message = 'the worker cannot be started' }) => { this.#fail(new VitqError(message, 'internal')); };
  }

  call(message, { signal, onProgress }) {
    return new Promise((resolve, reject) => {
      if (!this.#thread) throw new VitqError('the model is closed', 'usage');
      signal?.throwIfAborted();
      const id = ++this.#latest;
      const abort = () => {
        this.#calls.delete(id);
        this.#thread?.postMessage({ id, call: 'cancel' });
        reject(signal.reason);
      };
      const done = () => {
        this.#calls.delete(id);
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort);
      this.#calls.set(id, { resolve, reject, done, onProgress });
      this.#thread.postMessage({ ...message, id });
    });
  }

  end() {
    this.#thread?.terminate();
    this.#thread = null;
    this.#fail(new VitqError('the model is closed', 'cancelled'));
  }

  #take({ id, progress, result, error }) {
    const call = this.#calls.get(id);
    if (!call) return;  // cancelled
    if (progress) {
      call.onProgress?.(progress);
      return;
    }
    call.done();
    if (error) {
      call.reject(new VitqError(error.message, error.status));
    } else {
      call.resolve(result);
    }
  }

  #fail(error) {
    for (const call of [...this.#calls.values()]) {
      call.done();
      call.reject(error);
    }
  }
}
