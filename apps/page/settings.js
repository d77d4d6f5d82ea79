// SPDX-License-Identifier: Apache-2.0
// What the reader has chosen to look at. All pictures on the page follow the same settings.

export class Settings extends EventTarget {
  view = 'answer';  // or attention or components
  layer = Infinity;  // counted from 0; a model with fewer layers shows its last
  head = -1;  // counted from 0; -1 is the mean of all
  threshold = 0.5;  // boxes with smaller scores are not shown
  strength = 0.85;  // how much of the picture an overlay covers

  set(changes) {
    Object.assign(this, changes);
    this.dispatchEvent(new Event('change'));
  }
}
