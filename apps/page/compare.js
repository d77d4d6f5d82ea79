// SPDX-License-Identifier: Apache-2.0
// Two models beside each other: by how much their answers differ, and their times.
import { differences } from './differences.js';
import { showFailure } from './failure_box.js';
import { measureInTurns } from './measure.js';
import { timeTable } from './times.js';

const turns = 10;

export class Comparison {
  #element;
  #button;
  #asked = [];
  #times = [];
  #caption;

  constructor(element) {
    this.#element = element;
    this.#button = element.querySelector('.measure');
    this.#button.addEventListener('click', () => { this.#measure(); });
  }

  hide() {
    this.#element.hidden = true;
  }

  // `asked` are two Asked, and `own` has what their own() answered. What was measured of them stays.
  // Answers the difference in words.
  show(asked, own, threshold) {
    if (asked.some((each, index) => each !== this.#asked[index])) {
      this.#asked = asked;
      this.#times = own.map(({ answer, passed }) => ({ ...answer.timing_ms, passed }));
      this.#caption = 'Milliseconds of these answers';
      this.#setMeasuring(false);
      showFailure(this.#part('.failure'), null);
    }
    const answers = own.map(({ answer }) => answer);
    const { words, table } = differences(this.#names(), answers, threshold);
    this.#part('.verdict').textContent = words;
    this.#part('.scores').replaceChildren(...(table ? [table] : []));
    this.#showTimes();
    this.#element.hidden = false;
    return words;
  }

  #part(selector) {
    return this.#element.querySelector(selector);
  }

  #setMeasuring(measuring) {
    this.#button.disabled = measuring;
    this.#button.textContent = measuring ? 'Measuring …' : `Measure in ${turns} turns`;
  }

  #names() {
    return this.#asked.map(({ model }) => model.name);
  }

  #showTimes() {
    this.#part('.timings').replaceChildren(timeTable(this.#caption, this.#names(), this.#times));
  }

  async #measure() {
    const asked = this.#asked;
    this.#setMeasuring(true);
    let failure = null;
    try {
      const times = await measureInTurns(asked, turns);
      if (asked === this.#asked) this.#times = times;
    } catch (error) {
      failure = error;
    }
    if (asked !== this.#asked || asked.some(({ cancelled }) => cancelled)) return;
    this.#setMeasuring(false);
    showFailure(this.#part('.failure'), failure);
    if (failure) return;
    this.#caption = `Milliseconds, medians of ${turns} turns`;
    this.#showTimes();
  }
}
