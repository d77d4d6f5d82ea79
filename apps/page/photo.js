// SPDX-License-Identifier: Apache-2.0
// The picture itself, under everything that is drawn over it.

const longestSide = 1600;  // screens show no more
const visiblePixels = 160;  // below this size they are shown as squares

export function drawPhoto(canvas, { bitmap, name, width, height }) {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(scale * width));
  canvas.height = Math.max(1, Math.round(scale * height));
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  canvas.classList.toggle('tiny', Math.max(width, height) < visiblePixels);
  canvas.setAttribute('aria-label', `${name}, ${width} × ${height} pixels`);
}
