// SPDX-License-Identifier: Apache-2.0
// One model's view of the picture, and what it says. Questions are asked when a view first needs them.
import { Asked } from './asked.js';
import { showAttention, showHeads } from './attention.js';
import { bars } from './bars.js';
import { above, boxList, drawBoxes } from './boxes.js';
import { showComponents } from './components.js';
import { bytes, fromTemplate, make, nameOf, percent } from './dom.js';
import { showFailure } from './failure_box.js';
import { featureStrip } from './features.js';
import { drawPhoto } from './photo.js';
import { timeStrip } from './times.js';

const shownClasses = 5;

export class Pane {
  element = fromTemplate('pane');
  asked = null;  // of the latest model and picture
  own = null;  // what asked.own() has answered
  attention = null;  // the latest answer about attention

  #settings;
  #changed;
  #selected;  // one of the boxes

  // `changed(error)` is called when an answer has come or failed.
  constructor(settings, changed) {
    this.#settings = settings;
    this.#changed = changed;
  }

  get model() {
    return this.asked.model;
  }

  // Forgets all answers, cancels what is under way, and shows the picture. Then refresh() asks.
  set(model, picture) {
    this.cancel();
    this.asked = new Asked(model, picture);
    this.own = null;
    this.attention = null;
    this.#selected = undefined;
    this.#part('h2').textContent = model.name;
    this.#part('.facts').textContent = factsOf(model);
    this.#part('.picture').style.setProperty('--ratio', picture.width / picture.height);
    drawPhoto(this.#part('.photo'), picture);
    this.#part('.frame').replaceChildren();
    this.#hideOverlay('');
    showFailure(this.#part('.failure'), null);
    this.#setBusy(true);
  }

  cancel() {
    this.asked?.cancel();
  }

  // Asks what the view needs, and shows it as the settings say.
  async refresh() {
    const asked = this.asked;
    let failure = null;
    this.#setBusy(true);
    try {
      const own = await asked.own();
      if (asked.cancelled) return;
      this.own = own;
      this.#showAnswer();
      await this.#showOverlay(asked);
    } catch (error) {
      failure = error;
    }
    if (asked.cancelled) return;
    this.#setBusy(false);
    if (failure && !this.own) this.#part('.answer').replaceChildren();
    showFailure(this.#part('.failure'), failure, () => { this.refresh(); });
    this.#changed(failure);
  }

  // What a listener should hear.
  get summary() {
    if (!this.own) return '';
    const { predictions, detections } = this.own.answer;
    if (!predictions && !detections) return `${this.model.name}: the features are there.`;
    const found = predictions?.slice(0, 3) ?? this.#found();
    const words = found.map((one) => `${nameOf(one)} ${percent(one.score)}`).join(', ');
    return `${this.model.name}: ${words || 'nothing found'}.`;
  }

  #part(selector) {
    return this.element.querySelector(selector);
  }

  #setBusy(busy) {
    this.element.setAttribute('aria-busy', busy);
  }

  #showAnswer() {
    const { answer, passed } = this.own;
    const views = [];
    if (answer.predictions) views.push(bars(answer.predictions.slice(0, shownClasses)));
    if (answer.detections) views.push(this.#showBoxes());
    if (answer.features) views.push(featureStrip(answer.features));
    const place = this.#part('.answer');
    const focused = [...place.querySelectorAll('button')].indexOf(document.activeElement);
    place.replaceChildren(...views, timeStrip({ ...answer.timing_ms, passed }));
    place.querySelectorAll('button')[focused]?.focus();
  }

  #showBoxes() {
    const boxes = this.#found();
    if (!boxes.includes(this.#selected)) this.#selected = undefined;
    const select = (box) => {
      this.#selected = box === this.#selected ? undefined : box;
      this.refresh();
    };
    drawBoxes(this.#part('.frame'), this.own.answer, boxes, this.#selected, select);
    if (boxes.length > 0) return boxList(boxes, this.#selected, select);
    const least = percent(this.#settings.threshold);
    return make('p', { className: 'note' }, `Nothing has a score of ${least} or more.`);
  }

  // While an answer is under way, the reader may have gone on to another view or box. Then the refresh of
  // that one draws.
  async #showOverlay(asked) {
    const { view } = this.#settings;
    if (view === 'answer') {
      this.#hideOverlay('');
    } else if (!asked.can(view)) {
      const what = view === 'attention' ? 'attention' : 'features of patches';
      this.#hideOverlay(`This model has no ${what} to show.`);
    } else if (view === 'components') {
      const { answer } = await asked.get('components');
      if (!asked.cancelled && this.#settings.view === view) this.#draw(showComponents, answer);
    } else {
      await this.#showAttention(asked);
    }
  }

  // A class token looks at the whole picture, and each query of a detector at its box.
  async #showAttention(asked) {
    const box = this.#looker();
    if (this.own.answer.detections && !box) {
      this.#hideOverlay('Nothing was found, so there is nothing that looks at the picture.');
      return;
    }
    const { answer } = await asked.get('attention', box && { query: box.query });
    if (asked.cancelled || this.#settings.view !== 'attention' || this.#looker() !== box) return;
    this.attention = answer;
    const looker = box ? `the query that found “${nameOf(box)}”` : 'the class token';
    this.#draw(showAttention, answer, this.#settings, looker);
    showHeads(this.#part('.heads'), answer, this.#settings);
  }

  #looker() {
    return this.#selected ?? this.#found()[0];
  }

  #found() {
    return above(this.own.answer.detections ?? [], this.#settings.threshold);
  }

  #draw(show, answer, ...details) {
    const overlay = this.#part('.overlay');
    this.#part('figcaption').textContent = show(overlay, answer, ...details);
    overlay.style.opacity = this.#settings.strength;
    overlay.hidden = false;
    this.#part('.picture').dataset.view = this.#settings.view;
    this.#part('.heads').replaceChildren();
  }

  #hideOverlay(caption) {
    this.#part('.overlay').hidden = true;
    this.#part('figcaption').textContent = caption;
    this.#part('.picture').dataset.view = 'answer';
    this.#part('.heads').replaceChildren();
  }
}

function factsOf({ version, family, format, bytes: size, classes, input }) {
  return [
    version && `version ${version}`, family, format, size && bytes(size), classes && `${classes} classes`,
    input && `${input[2]} × ${input[1]} pixels`,
  ].filter(Boolean).join(' · ');
}
