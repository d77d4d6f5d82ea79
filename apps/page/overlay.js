// SPDX-License-Identifier: Apache-2.0
// What is drawn over a picture: a grid of values as a heat map, or a grid of colours.

// Lightness rises evenly from black by violet, red and orange to light yellow, as vit_infer's maps do.
const glow = [[0, 0, 4], [66, 10, 104], [147, 38, 103], [221, 81, 58], [252, 165, 10], [252, 255, 164]];

// Pixels of an enlarged grid, on its longer side.
const enlarged = 512;

function glowOf(value) {
  const place = Math.min(Math.max(value, 0), 1) * (glow.length - 1);
  const index = Math.min(Math.floor(place), glow.length - 2);
  const part = place - index;
  return glow[index].map((low, channel) => (1 - part) * low + part * glow[index + 1][channel]);
}

// `values` of 0..1, row by row, are spread smoothly. Small values let more of the picture through.
export function paintHeat(canvas, [rows, columns], values) {
  const grid = gridOf(rows, columns, (index) => {
    const grey = 255 * values[index];
    return [grey, grey, grey];
  });
  const context = enlarge(canvas, grid);
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  const pixels = picture.data;
  const palette = Array.from({ length: 256 }, (_, level) => glowOf(level / 255));
  for (let at = 0; at < pixels.length; at += 4) {
    const level = pixels[at];
    pixels.set(palette[level], at);
    pixels[at + 3] = 130 + level * 0.4;
  }
  context.putImageData(picture, 0, 0);
}

// The same values in the same colours, but every patch is one square.
export function paintSquares(canvas, grid, values) {
  paintColours(canvas, grid, values.map(glowOf));
}

// `colours` are triples of 0..255, row by row. Each stays a square of its own: it is one patch.
export function paintColours(canvas, [rows, columns], colours) {
  const grid = gridOf(rows, columns, (index) => colours[index]);
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext('2d').drawImage(grid, 0, 0);
}

function gridOf(rows, columns, colourOf) {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  const picture = context.createImageData(columns, rows);
  for (let index = 0; index < rows * columns; ++index) {
    picture.data.set([...colourOf(index), 255], 4 * index);
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

function enlarge(canvas, grid) {
  const scale = Math.ceil(enlarged / Math.max(grid.width, grid.height));
  canvas.width = scale * grid.width;
  canvas.height = scale * grid.height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(grid, 0, 0, canvas.width, canvas.height);
  return context;
}

// Places the canvas over the part of the picture that the network saw, in pixels of the picture.
export function place(canvas, { width, height, crop = [0, 0, width, height] }) {
  const [left, top, right, bottom] = crop;
  Object.assign(canvas.style, {
    left: `${(100 * left) / width}%`,
    top: `${(100 * top) / height}%`,
    width: `${(100 * (right - left)) / width}%`,
    height: `${(100 * (bottom - top)) / height}%`,
  });
}
