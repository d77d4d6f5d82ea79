// SPDX-License-Identifier: Apache-2.0
// The first three principal components of the features of patches, as colours over the picture.
import { paintColours, place } from './overlay.js';

// Answers a caption.
export function showComponents(canvas, answer) {
  paintColours(canvas, answer.grid, answer.colors);
  place(canvas, answer);
  const [rows, columns] = answer.grid;
  return `The three principal components of the features of ${columns} × ${rows} patches, `
    + 'as red, green and blue. Patches of one colour are alike to the model.';
}
