// SPDX-License-Identifier: Apache-2.0
// How long each stage of an answer took.
import { make, milliseconds, table } from './dom.js';

const stages = {
  decode: 'Decoding the image',
  preprocess: 'Resizing and scaling',
  queue: 'Waiting for its turn',
  infer: 'The network',
  post: 'Making the answer',
};
const wholeWay = 'From question to answer';

// `times` has milliseconds of the stages, and in `passed` those that the page waited.
export function timeStrip(times) {
  const strip = make('div', { className: 'strip', ariaHidden: 'true' });
  const list = make('dl', { className: 'stages' });
  const known = Object.entries(stages).filter(([stage]) => times[stage] !== undefined);
  for (const [stage, words] of known) {
    const part = make('span', { className: stage });
    part.style.flexGrow = times[stage];
    strip.append(part);
    list.append(line(words, times[stage], stage));
  }
  list.append(line(wholeWay, times.passed, 'passed'));
  return make('section', { className: 'times' }, make('h3', {}, 'Time'), strip, list);
}

function line(words, time, stage) {
  return make('div', { className: stage },
    make('dt', {}, make('span', { className: 'swatch' }), words),
    make('dd', {}, `${milliseconds(time)} ms`));
}

// The times of two models in a table.
export function timeTable(caption, names, [first, second]) {
  const row = (words, a, b) => [
    words, milliseconds(a), milliseconds(b), a > 0 && b > 0 ? (b / a).toFixed(2) : '–'];
  const rows = Object.entries(stages)
    .filter(([stage]) => first[stage] !== undefined && second[stage] !== undefined)
    .map(([stage, words]) => row(words, first[stage], second[stage]));
  return table(caption, ['Stage', ...names, 'Ratio'], [...rows, row(wholeWay, first.passed, second.passed)]);
}
