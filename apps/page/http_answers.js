// SPDX-License-Identifier: Apache-2.0
// Models of a server, over HTTP. Whoever answers in its place exports an `answers` with the same members. Those of
// bindings/web/page have two more: adopt(blob, name) takes what may be a model file, and watch(listener) tells news.
// models() and ask() throw a Failure, or an AbortError once their `signal` is aborted.
import { Failure } from './failure.js';

const tokenKey = 'vitq.token';

// The member that an answer of each kind cannot lack.
const essential = {
  classify: 'predictions',
  detect: 'detections',
  features: 'features',
  attention: 'maps',
  components: 'colors',
};

export const answers = {
  // One sentence on where pictures go.
  note: 'Pictures go to the server that this page comes from, and nowhere else.',

  // The models as v1/models describes them. Of each the page needs `name` and `answers`, and shows
  // `version`, `family`, `format`, `bytes`, `classes` and `input` where they are known.
  async models(signal) {
    const { models } = await request('v1/models', { signal });
    if (!Array.isArray(models)) throw new Failure('The server does not list its models.');
    return models;
  },

  // `kind` is one of those above, `model` a name, `image` a Blob with the bytes of an image file.
  // `options` has what the kind knows: top, threshold or query. The answer is that of v1/KIND.
  async ask({ kind, model, image, options }, signal) {
    const address = `v1/${kind}?${new URLSearchParams({ model, ...options })}`;
    const headers = { 'Content-Type': image.type || 'application/octet-stream' };
    const answer = await request(address, { method: 'POST', headers, body: image, signal });
    if (!Array.isArray(answer[essential[kind]])) {
      throw new Failure(`The server's answer has no ${essential[kind]}.`);
    }
    return answer;
  },

  // A Failure with `needsToken` makes the page ask for one.
  useToken(token) {
    sessionStorage.setItem(tokenKey, token);
  },
};

async function request(address, options) {
  const token = sessionStorage.getItem(tokenKey);
  const headers = { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await send(address, { ...options, headers, cache: 'no-store' });
  const body = await bodyOf(response, options.signal);
  if (!response.ok) throw refusal(response, body?.error);
  if (body === null || typeof body !== 'object') {
    throw new Failure('The server answered with something that is not JSON.');
  }
  return body;
}

async function send(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new Failure('The server does not answer. Is it running, and is this device connected to it?');
  }
}

// Answers null for what is not JSON.
async function bodyOf(response, signal) {
  let text;
  try {
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new Failure('The connection to the server broke off in the middle of its answer.');
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return null;
  }
}

function refusal(response, said) {
  const known = typeof said === 'string' && said !== '';
  const words = known ? sentence(said) : `The server answered with status ${response.status}.`;
  if (response.status === 401) return new Failure(words, { needsToken: true });
  if (response.status === 429 || response.status === 503) {
    return new Failure(words, { waitSeconds: secondsToWait(response.headers.get('Retry-After')) });
  }
  return new Failure(words);
}

// Retry-After holds seconds or a date.
function secondsToWait(text) {
  if (!text) return 0;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : 0;
}

// Names of files, which some messages begin with, stay as they are.
function sentence(text) {
  const first = /^[a-z]+ /.test(text) ? text[0].toUpperCase() : text[0];
  return first + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}
