// SPDX-License-Identifier: Apache-2.0
// Models in workers of this browser. The members are those of http_answers.js, and two that a server cannot have:
// adopt(), and watch(), which tells how far a model's download is.
import { Failure } from './failure.js';
import { load, VitqError } from './vitq/vitq.js';

const mostOpen = 2;  // the page compares two; others give their memory back
const offered = 'models/models.json';  // lists what the page offers, with the facts of each
const adopted = [];  // models of whoever sits before the page: { facts, source }
const open = new Map();  // promises of models by name, the latest used last
let tell = () => {};

export const answers = {
  note: 'Pictures stay on this device: models run in this browser.',

  async models(signal) {
    const response = await fetch(offered, { signal }).catch(() => { throw lost(offered); });
    if (!response.ok) throw lost(offered);
    return [...adopted.map(({ facts }) => facts), ...await response.json()];
  },

  async ask({ kind, model, image, options }, signal) {
    try {
      const opened = await modelOf(model);
      signal?.throwIfAborted();
      return await opened.ask(kind, await readable(image), { ...options, name: 'the image', signal });
    } catch (error) {
      throw inWords(error);
    }
  },

  useToken() {},

  // Takes a model file that was given to the page, and answers whether it is one by its name.
  async adopt(blob, name) {
    if (!name.endsWith('.safetensors')) return false;
    const own = nameOf(name);
    try {
      close(own);
      const opened = await keep(own, load(blob, { name }));
      const { task, family, classes, format, bytes, answers: can, input } = opened.info;
      const facts = { name: own, task, family, classes, format, bytes, answers: can, input };
      adopted.unshift({ facts, source: blob });
    } catch (error) {
      close(own);
      throw inWords(error);
    }
    return true;
  },

  watch(listener) {
    tell = listener;
  },
};

function modelOf(name) {
  const known = open.get(name);
  if (known) return keep(name, known);
  const own = adopted.find(({ facts }) => facts.name === name);
  const source = own?.source ?? `models/${name}.safetensors`;
  const onProgress = ({ loaded, total }) => {
    const part = total ? ` of ${megabytes(total)}` : '';
    tell(loaded === total ? answers.note : `${name} is on its way: ${megabytes(loaded)}${part}.`);
  };
  return keep(name, load(source, { name: `${name}.safetensors`, onProgress }));
}

// A model that failed to open is forgotten, so that it can be asked for again.
function keep(name, promise) {
  open.delete(name);
  open.set(name, promise);
  promise.catch(() => { if (open.get(name) === promise) open.delete(name); });
  for (const other of [...open.keys()].slice(0, -mostOpen)) close(other);
  return promise;
}

function close(name) {
  open.get(name)?.then((model) => { model.close(); }, () => {});
  open.delete(name);
}

// The engine of this page has no reader of WebP. The browser's stands in, and loses nothing.
async function readable(image) {
  if (image.type !== 'image/webp') return image;
  const bitmap = await createImageBitmap(image);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}

// A model of the user's does not take the place of one that is offered.
function nameOf(file) {
  return `${file.replace(/\.safetensors$/, '')} (yours)`;
}

function inWords(error) {
  return error instanceof VitqError ? new Failure(`${error.message}.`) : error;
}

function lost(file) {
  return new Failure(`${file} cannot be read. Is this device connected?`);
}

function megabytes(count) {
  return `${(count / 1e6).toFixed(1)} MB`;
}
