// SPDX-License-Identifier: Apache-2.0
// The features of a whole picture, as a strip of one line per number.
import { make } from './dom.js';

export function featureStrip(features) {
  const largest = features.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const canvas = make('canvas', { className: 'features', width: features.length, height: 1 });
  canvas.setAttribute('aria-hidden', 'true');
  const context = canvas.getContext('2d');
  features.forEach((value, index) => {
    // Negative numbers are blue and positive ones are orange, the stronger the farther from zero.
    context.fillStyle = value < 0 ? '#2563a8' : '#d9622b';
    context.globalAlpha = Math.sqrt(Math.abs(value) / largest);
    context.fillRect(index, 0, 1, 1);
  });
  const norm = Math.sqrt(features.reduce((sum, value) => sum + value * value, 0));
  return make('div', { className: 'feature-strip' }, canvas, make('p', { className: 'note' },
    `${features.length} numbers of length ${norm.toPrecision(4)}, from blue (negative) to orange (positive). `
    + 'Pictures with like features look alike to the model.'));
}
