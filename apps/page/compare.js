// SPDX-License-Identifier: Apache-2.0
// Two models beside each other: by how much their answers differ, and their times.
import { make, milliseconds, nameOf, percent } from './dom.js';
import { cosine, matchDetections, matchPredictions } from './matching.js';
import { stages, totalOf } from './times.js';

const shownPairs = 8;
const scales = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1];  // of the bars of differences

// `first` and `second` have a model, its answer, and the milliseconds that passed for it.
export function comparison(first, second, threshold) {
  const { words, table } = differences(first, second, threshold);
  return make('section', { className: 'card comparison' },
    make('h2', {}, 'Comparison'),
    make('p', { className: 'verdict' }, words),
    make('div', { className: 'tables' }, ...(table ? [table] : []), timeTable(first, second)));
}

function differences(first, second, threshold) {
  const [a, b] = [first.answer, second.answer];
  if (a.predictions?.length > 0 && b.predictions?.length > 0) return classes(first, second);
  if (a.detections && b.detections) return found(first, second, threshold);
  if (a.features?.length > 0 && a.features.length === b.features?.length) {
    return { words: `The features of both have the cosine ${cosine(a.features, b.features).toFixed(5)}. `
      + 'It is 1 where they point the same way, and 0 where they have nothing in common.' };
  }
  return { words: 'These models answer different questions, so only their times are compared.' };
}

function classes(first, second) {
  const [a, b] = [first.answer.predictions, second.answer.predictions];
  const pairs = matchPredictions(a, b).slice(0, shownPairs);
  const words = nameOf(a[0]) === nameOf(b[0])
    ? `Both say ${nameOf(a[0])}.`
    : `${first.model.name} says ${nameOf(a[0])}, but ${second.model.name} says ${nameOf(b[0])}.`;
  return { words: `${words} ${largest(pairs)}`, table: scoreTable('Class', first, second, pairs) };
}

function found(first, second, threshold) {
  const pairs = matchDetections(first.answer.detections, second.answer.detections)
    .filter(({ a, b }) => Math.max(a, b) >= threshold);
  if (pairs.length === 0) return { words: 'Neither finds anything.' };
  const both = pairs.filter(({ a, b }) => Math.min(a, b) >= threshold).length;
  const words = `Together they find ${counted(pairs.length, 'box', 'boxes')}, of which both find ${both}.`;
  const shown = pairs.slice(0, shownPairs);
  return { words: `${words} ${largest(shown)}`, table: scoreTable('Box', first, second, shown) };
}

function counted(count, one, many) {
  return `${count} ${count === 1 ? one : many}`;
}

// `pairs` that both models have, each with its difference.
function known(pairs) {
  return pairs.filter(({ a, b }) => a !== null && b !== null).map((pair) => ({ ...pair, change: pair.b - pair.a }));
}

function largest(pairs) {
  const both = known(pairs);
  if (both.length === 0) return '';
  const most = both.reduce((p, q) => (Math.abs(q.change) > Math.abs(p.change) ? q : p));
  const points = (100 * Math.abs(most.change)).toFixed(2);
  return `Scores differ by at most ${points} points, for ${nameOf(most)}.`;
}

function scoreTable(subject, first, second, pairs) {
  const most = Math.max(0, ...known(pairs).map(({ change }) => Math.abs(change)));
  const scale = scales.find((each) => most <= each) ?? 1;
  const rows = pairs.map((pair) => [
    nameOf(pair), score(pair.a), score(pair.b), difference(pair, scale),
  ]);
  const caption = `Scores, and by how many points they change (bars reach ${100 * scale})`;
  return table(caption, [subject, first.model.name, second.model.name, 'Change'], rows);
}

function score(value) {
  return value === null ? '–' : percent(value);
}

// A bar goes to the left or right of the middle, which stands for 0.
function difference({ a, b }, scale) {
  if (a === null || b === null) return '–';
  const bar = make('span', { className: b < a ? 'less' : 'more' });
  bar.style.setProperty('--share', Math.abs(b - a) / scale);
  const cell = document.createDocumentFragment();
  cell.append(signed(b - a), make('span', { className: 'balance' }, bar));
  return cell;
}

function signed(share) {
  const value = (100 * share).toFixed(2);
  return Number(value) > 0 ? `+${value}` : value.replace('-', '−');
}

function timeTable(first, second) {
  const [a, b] = [first.answer.timing_ms ?? {}, second.answer.timing_ms ?? {}];
  const row = (words, p, q) => [
    words, milliseconds(p), milliseconds(q), p > 0 && q > 0 ? (q / p).toFixed(2) : '–'];
  const rows = Object.entries(stages)
    .filter(([stage]) => a[stage] !== undefined && b[stage] !== undefined)
    .map(([stage, words]) => row(words, a[stage], b[stage]));
  rows.push(row('Together', totalOf(a), totalOf(b)), row('From question to answer', first.passed, second.passed));
  return table('Times in ms, and by what they are multiplied', ['Stage', first.model.name, second.model.name, 'Factor'], rows);
}

// A row is its heading and its cells.
function table(caption, headings, rows) {
  return make('table', {}, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, ...headings.map((words) => make('th', { scope: 'col' }, words)))),
    make('tbody', {}, ...rows.map(([heading, ...cells]) => make('tr', {},
      make('th', { scope: 'row' }, heading), ...cells.map((cell) => make('td', {}, cell))))));
}
