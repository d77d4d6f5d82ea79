// SPDX-License-Identifier: Apache-2.0
// What one model was asked about one picture. Every question is asked once, and again after a failure.
import { answers } from './answers.js';

const mostClasses = 100;  // few are shown; comparisons find the others
const leastScore = 0.05;  // of boxes; the slider goes no lower

// What a model was made for, or undefined if this is nothing that the page shows.
export function ownKind(model) {
  return ['classify', 'detect', 'features'].find((kind) => model.answers?.includes(kind));
}

export class Asked {
  model;
  picture;
  #over = new AbortController();
  #promises = new Map();

  constructor(model, picture) {
    this.model = model;
    this.picture = picture;
  }

  get cancelled() {
    return this.#over.signal.aborted;
  }

  cancel() {
    this.#over.abort();
  }

  can(kind) {
    return this.model.answers.includes(kind);
  }

  // The question that the model was made for.
  own() {
    return this.get(...this.#ownQuestion());
  }

  // The same question, whether or not it was answered before.
  again() {
    return this.#ask(...this.#ownQuestion());
  }

  // Answers { answer, passed }, with the milliseconds that passed.
  get(kind, options = {}) {
    const key = JSON.stringify([kind, options]);
    if (!this.#promises.has(key)) {
      const promise = this.#ask(kind, options);
      this.#promises.set(key, promise);
      promise.catch(() => { this.#promises.delete(key); });
    }
    return this.#promises.get(key);
  }

  #ownQuestion() {
    const kind = ownKind(this.model);
    const options = {
      classify: { top: Math.min(this.model.classes || mostClasses, mostClasses) },
      detect: { threshold: leastScore },
    };
    return [kind, options[kind] ?? {}];
  }

  async #ask(kind, options) {
    const question = { kind, model: this.model.name, image: this.picture.image, options };
    const start = performance.now();
    const answer = await answers.ask(question, this.#over.signal);
    return { answer, passed: performance.now() - start };
  }
}
