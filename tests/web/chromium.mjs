// SPDX-License-Identifier: Apache-2.0
// A headless Chromium that tests talk to by its DevTools protocol, over a pipe.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Chromium {
  #process;
  #folder;
  #calls = new Map();
  #latest = 0;
  #said = '';
  #listeners = [];

  // `flags` are added to those of the command line.
  static async start(flags = []) {
    const browser = new Chromium();
    browser.#folder = await mkdtemp(join(tmpdir(), 'vitq-chromium-'));
    browser.#process = spawn('chromium', [
      '--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', '--no-first-run',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      `--user-data-dir=${browser.#folder}`, ...flags, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    browser.#process.stdio[4].setEncoding('utf8').on('data', (text) => { browser.#hear(text); });
    return browser;
  }

  // A page of this address, in a browsing context of its own.
  async open(address) {
    const { browserContextId } = await this.call('Target.createBrowserContext');
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    await page.call('Page.enable');
    await page.call('Runtime.enable');
    await page.goTo(address);
    return page;
  }

  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#latest;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => { this.#calls.set(id, { method, resolve, reject }); });
  }

  // Calls listen(method, params, sessionId) for every event.
  listen(listener) {
    this.#listeners.push(listener);
  }

  async close() {
    const gone = new Promise((done) => { this.#process.once('exit', done); });
    await this.call('Browser.close').catch(() => {});
    await gone;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #hear(text) {
    const parts = (this.#said + text).split('\0');
    this.#said = parts.pop();
    for (const part of parts) this.#take(JSON.parse(part));
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) {
      for (const listener of this.#listeners) listener(method, params, sessionId);
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) {
      call.reject(new Error(`${call.method}: ${error.message}`));
    } else {
      call.resolve(result);
    }
  }
}

export class Page {
  #browser;
  #session;
  #target;
  log = [];  // what the page wrote to its console

  constructor(browser, session, target) {
    this.#browser = browser;
    this.#session = session;
    this.#target = target;
    browser.listen((method, params, sessionId) => {
      if (sessionId !== session) return;
      const { args, exceptionDetails: thrown } = params;
      if (method === 'Runtime.consoleAPICalled') {
        this.log.push(args.map(({ value, description }) => value ?? description).join(' '));
      } else if (method === 'Runtime.exceptionThrown') {
        this.log.push(thrown.exception?.description ?? thrown.text);
      }
    });
  }

  call(method, params) {
    return this.#browser.call(method, params, this.#session);
  }

  async goTo(address) {
    const loaded = new Promise((done) => {
      this.#browser.listen((method, _, sessionId) => {
        if (sessionId === this.#session && method === 'Page.loadEventFired') done();
      });
    });
    const { errorText } = await this.call('Page.navigate', { url: address });
    if (errorText) throw new Error(`${address}: ${errorText}`);
    await loaded;
  }

  // The value of an expression, or of its promise. A function is called with `args`.
  async evaluate(expression, ...args) {
    const source = typeof expression === 'function' ? `(${expression})(...${JSON.stringify(args)})` : expression;
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', {
      expression: source, awaitPromise: true, returnByValue: true, userGesture: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // Waits until an expression holds.
  async until(expression, milliseconds = 20_000) {
    const end = Date.now() + milliseconds;
    while (!(await this.evaluate(expression))) {
      if (Date.now() > end) {
        throw new Error(`still false after ${milliseconds} ms: ${expression}; console: ${this.log.join('\n')}`);
      }
      await new Promise((done) => { setTimeout(done, 50); });
    }
  }

  async screenshot() {
    const { data } = await this.call('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  close() {
    return this.#browser.call('Target.closeTarget', { targetId: this.#target });
  }
}
