// SPDX-License-Identifier: Apache-2.0
// How long each stage of an answer took.
import { make, milliseconds } from './dom.js';

export const stages = {
  decode: 'Decoding the image',
  preprocess: 'Resizing and scaling',
  queue: 'Waiting for its turn',
  infer: 'The network',
  post: 'Making the answer',
};

export function totalOf(timing) {
  return Object.keys(stages).reduce((sum, stage) => sum + (timing[stage] ?? 0), 0);
}

// `passed` are the milliseconds from question to answer, as the page saw them.
export function times(timing, passed) {
  const total = totalOf(timing);
  const strip = make('div', { className: 'strip' });
  const list = make('dl', { className: 'stages' });
  for (const [stage, words] of Object.entries(stages)) {
    if (timing[stage] === undefined) continue;
    const part = make('span', { className: `part ${stage}` });
    part.style.flexGrow = timing[stage] / (total || 1);
    strip.append(part);
    list.append(row(words, `${milliseconds(timing[stage])} ms`, stage));
  }
  list.append(row('From question to answer', `${milliseconds(passed)} ms`, 'passed'));
  strip.setAttribute('aria-hidden', 'true');
  return make('section', { className: 'times' }, make('h3', {}, 'Time'), strip, list);
}

function row(words, time, stage) {
  return make('div', { className: stage },
    make('dt', {}, make('span', { className: 'swatch' }), words), make('dd', {}, time));
}
