// SPDX-License-Identifier: Apache-2.0
// What a detector found: boxes over the picture, and a list of them that the keyboard reaches.
import { make, nameOf, percent } from './dom.js';

const hues = 8;  // of --hue-0 and so on in the style

// Boxes at or above the threshold, the surest first.
export function above(detections, threshold) {
  return detections.filter(({ score }) => score >= threshold).sort((a, b) => b.score - a.score);
}

// Fills `frame`, which lies over the picture. `selected` is one of the detections or undefined.
export function drawBoxes(frame, { width, height }, detections, selected, select) {
  frame.replaceChildren(...detections.map((detection) => {
    const [left, top, right, bottom] = detection.box;
    const tag = make('span', { className: 'tag' }, nameOf(detection));
    const box = make('div', { className: 'box', onclick: () => { select(detection); } }, tag);
    box.classList.toggle('selected', detection === selected);
    box.classList.toggle('at-top', top < 0.08 * height);
    const area = Math.max(0, right - left) * Math.max(0, bottom - top);
    Object.assign(box.style, {
      left: `${(100 * left) / width}%`,
      top: `${(100 * top) / height}%`,
      width: `${(100 * (right - left)) / width}%`,
      height: `${(100 * (bottom - top)) / height}%`,
      // A small box can be clicked though a large one covers it.
      zIndex: 1 + Math.round(1000 * Math.max(0, 1 - area / (width * height))),
    });
    box.style.setProperty('--hue', `var(--hue-${detection.id % hues})`);
    return box;
  }));
}

// The same boxes as buttons, of which at most one is pressed.
export function boxList(detections, selected, select) {
  return make('ol', { className: 'boxes-list' }, ...detections.map((detection) => {
    const swatch = make('span', { className: 'swatch' });
    swatch.style.setProperty('--hue', `var(--hue-${detection.id % hues})`);
    const button = make('button', { type: 'button', onclick: () => { select(detection); } },
      swatch,
      make('span', { className: 'label' }, nameOf(detection)),
      make('span', { className: 'score' }, percent(detection.score)),
      make('span', { className: 'place' }, placeOf(detection.box)));
    button.setAttribute('aria-pressed', detection === selected);
    return make('li', {}, button);
  }));
}

function placeOf([left, top, right, bottom]) {
  const size = `${Math.round(right - left)} × ${Math.round(bottom - top)}`;
  return `${size} at ${Math.round(left)}, ${Math.round(top)}`;
}
