// SPDX-License-Identifier: Apache-2.0
// By how much the answers of two models differ, as a sentence and a table.
import { make, nameOf, percent, table } from './dom.js';
import { cosine, matchDetections, matchPredictions } from './matching.js';

const shownPairs = 8;
const scales = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1];  // of the bars

// Answers { words, table }, the latter for scores alone. `names` are those of both models.
export function differences(names, [first, second], threshold) {
  const [a, b] = [first.predictions, second.predictions];
  if (a?.length > 0 && b?.length > 0) return ofClasses(names, a, b);
  if (first.detections && second.detections) {
    return ofBoxes(names, matchDetections(first.detections, second.detections), threshold);
  }
  if (first.features?.length > 0 && first.features.length === second.features?.length) {
    const alike = cosine(first.features, second.features).toFixed(5);
    return { words: `The features of both have the cosine ${alike}. `
      + 'It is 1 where they point the same way, and 0 where they have nothing in common.' };
  }
  return { words: 'These models answer different questions, so only their times are compared.' };
}

function ofClasses(names, first, second) {
  const pairs = matchPredictions(first, second).slice(0, shownPairs);
  const [a, b] = [nameOf(first[0]), nameOf(second[0])];
  const words = a === b ? `Both say ${a}.` : `${names[0]} says ${a}, but ${names[1]} says ${b}.`;
  return { words: `${words} ${largest(pairs)}`, table: scoreTable('Class', names, pairs) };
}

function ofBoxes(names, matched, threshold) {
  const pairs = matched.filter(({ a, b }) => Math.max(a, b) >= threshold);
  if (pairs.length === 0) return { words: 'Neither finds anything.' };
  const both = pairs.filter(({ a, b }) => Math.min(a, b) >= threshold).length;
  const boxes = pairs.length === 1 ? '1 box' : `${pairs.length} boxes`;
  const shown = pairs.slice(0, shownPairs);
  const words = `Together they find ${boxes}, of which both find ${both}. ${largest(shown)}`;
  return { words, table: scoreTable('Box', names, shown) };
}

// The pairs that both models have.
function known(pairs) {
  return pairs.filter(({ a, b }) => a !== null && b !== null);
}

function largest(pairs) {
  const both = known(pairs);
  if (both.length === 0) return '';
  const most = both.reduce((p, q) => (Math.abs(q.b - q.a) > Math.abs(p.b - p.a) ? q : p));
  const points = (100 * Math.abs(most.b - most.a)).toFixed(2);
  return `Scores differ by at most ${points} points, for ${nameOf(most)}.`;
}

function scoreTable(subject, names, pairs) {
  const most = Math.max(0, ...known(pairs).map(({ a, b }) => Math.abs(b - a)));
  const scale = scales.find((each) => most <= each) ?? 1;
  const rows = pairs.map((pair) => [nameOf(pair), score(pair.a), score(pair.b), change(pair, scale)]);
  const caption = `Scores, and their change in points (bars reach to ${100 * scale})`;
  return table(caption, [subject, ...names, 'Change'], rows);
}

function score(value) {
  return value === null ? '–' : percent(value);
}

// A bar goes to the left or right of the middle, which stands for 0.
function change({ a, b }, scale) {
  if (a === null || b === null) return '–';
  const bar = make('span', { className: b < a ? 'less' : 'more' });
  bar.style.setProperty('--share', Math.abs(b - a) / scale);
  return make('div', {}, signed(b - a), make('span', { className: 'balance' }, bar));
}

function signed(share) {
  const value = (100 * share).toFixed(2);
  return Number(value) > 0 ? `+${value}` : value.replace('-', '−');
}
