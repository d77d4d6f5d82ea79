// SPDX-License-Identifier: Apache-2.0
// A failure as the reader sees it: words, and a button where trying again may help.
import { inWords } from './failure.js';
import { make } from './dom.js';

// Fills `place`, or empties it if there is no error. `again` is what the button does, if it is given.
// A missing token is no reason for one: the form for it asks again.
export function showFailure(place, error, again) {
  if (!error) {
    // Who pressed the button is left where it was.
    if (place.contains(document.activeElement)) place.closest('[tabindex]').focus();
    place.replaceChildren();
    return;
  }
  const box = make('div', { className: 'trouble', role: 'alert' }, make('p', {}, inWords(error)));
  if (again && !error.needsToken) box.append(againButton(error.waitSeconds ?? 0, again));
  place.replaceChildren(box);
}

// A server that is busy says for how long it wants to be left alone.
function againButton(waitSeconds, again) {
  const button = make('button', { type: 'button', onclick: again });
  const count = (left) => {
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Try again in ${left} s` : 'Try again';
    if (left > 0) setTimeout(count, 1000, left - 1);
  };
  count(waitSeconds);
  return button;
}
