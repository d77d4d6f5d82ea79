// SPDX-License-Identifier: Apache-2.0
// Attention over the picture, as a heat map of one layer and head.
import { make } from './dom.js';
import { paintHeat, paintSquares, place } from './overlay.js';

// Draws the map that `settings` choose onto `canvas`, scaled by its largest weight. Answers a caption.
// `looker` is who pays attention, in words.
export function showAttention(canvas, answer, settings, looker) {
  const { layer, head, heads } = placeOf(answer, settings);
  const weights = head < 0 ? meanOf(heads) : heads[head];
  const largest = largestOf(weights);
  paintHeat(canvas, answer.grid, scaled(weights));
  place(canvas, answer);
  const which = head < 0 ? `the mean of ${heads.length} heads` : `head ${head + 1}`;
  const [rows, columns] = answer.grid;
  return `Where ${looker} looks in layer ${layer + 1}, by ${which}, on ${columns} × ${rows} patches. `
    + `The brightest has the weight ${largest.toPrecision(2)}.`;
}

// Fills `frame` with small maps of all heads of the layer. They are for the mouse: the slider does the same.
export function showHeads(frame, answer, settings) {
  const { head, heads } = placeOf(answer, settings);
  frame.replaceChildren(...heads.map((weights, index) => {
    const chosen = index === head;
    const map = make('canvas', { title: `Head ${index + 1}`, className: chosen ? 'shown' : '' });
    map.addEventListener('click', () => { settings.set({ head: chosen ? -1 : index }); });
    paintSquares(map, answer.grid, scaled(weights));
    return map;
  }));
}

// Models with fewer layers or heads than the settings say show their last.
function placeOf({ maps }, settings) {
  const layer = Math.min(settings.layer, maps.length - 1);
  const heads = maps[layer];
  return { layer, heads, head: Math.min(settings.head, heads.length - 1) };
}

function meanOf(maps) {
  return maps[0].map((_, index) => maps.reduce((sum, map) => sum + map[index], 0) / maps.length);
}

function scaled(weights) {
  const largest = largestOf(weights);
  return weights.map((weight) => (largest > 0 ? weight / largest : 0));
}

function largestOf(weights) {
  return weights.reduce((a, b) => Math.max(a, b), 0);
}
