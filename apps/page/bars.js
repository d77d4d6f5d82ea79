// SPDX-License-Identifier: Apache-2.0
// Classes as bars, the likeliest first.
import { make, nameOf, percent } from './dom.js';

export function bars(predictions) {
  return make('ol', { className: 'bars' }, ...predictions.map((prediction) => {
    const bar = make('span', { className: 'bar' });
    bar.style.setProperty('--share', prediction.score);
    return make('li', {},
      make('span', { className: 'label' }, nameOf(prediction)),
      make('span', { className: 'score' }, percent(prediction.score)),
      bar);
  }));
}
