// SPDX-License-Identifier: Apache-2.0
// The controls above the pictures: what is shown, and the sliders of each view.
import { percent } from './dom.js';

const views = ['answer', 'attention', 'components'];

// Connects the elements of the page with `settings`.
export class Controls {
  #settings;
  #radios;
  #sliders;

  constructor(form, settings) {
    this.#settings = settings;
    this.#radios = Object.fromEntries(views.map((view) => [view, form.querySelector(`[value=${view}]`)]));
    this.#sliders = Object.fromEntries(
      ['layer', 'head', 'strength', 'threshold'].map((name) => [name, slider(form, name)]));
    form.addEventListener('submit', (event) => { event.preventDefault(); });
    form.addEventListener('change', ({ target }) => {
      if (target.name === 'view') settings.set({ view: target.value });
    });
    const { layer, head, strength, threshold } = this.#sliders;
    listen(layer, (value) => { settings.set({ layer: value - 1 }); });
    listen(head, (value) => { settings.set({ head: value - 1 }); });
    listen(strength, (value) => { settings.set({ strength: value / 100 }); });
    listen(threshold, (value) => { settings.set({ threshold: value / 100 }); });
  }

  // `abilities` are the kinds of answers of any model on the page. `attention` has the layers and heads
  // to choose from, once they are known.
  update(abilities, attention) {
    const settings = this.#settings;
    this.#radios.attention.disabled = !abilities.has('attention');
    this.#radios.components.disabled = !abilities.has('components');
    if (this.#radios[settings.view].disabled) settings.set({ view: 'answer' });
    this.#radios[settings.view].checked = true;

    const { layer, head, strength, threshold } = this.#sliders;
    const { view } = settings;
    for (const { input } of [layer, head]) input.disabled = !attention;
    if (attention) {
      write(layer, Math.min(settings.layer + 1, attention.layers), attention.layers);
      write(head, Math.min(settings.head + 1, attention.heads), attention.heads);
    }
    write(strength, Math.round(100 * settings.strength));
    write(threshold, Math.round(100 * settings.threshold));
    layer.row.hidden = view !== 'attention';
    head.row.hidden = view !== 'attention';
    strength.row.hidden = view === 'answer';
    threshold.row.hidden = !abilities.has('detect') || view === 'components';
  }
}

function slider(form, name) {
  const input = form.querySelector(`[name=${name}]`);
  const row = input.closest('.slider');
  return { name, input, row, output: row.querySelector('output') };
}

function listen({ input }, change) {
  input.addEventListener('input', () => { change(input.valueAsNumber); });
}

function write({ name, input, output }, value, max = Number(input.max)) {
  input.max = max;
  input.value = value;
  const words = {
    layer: `${value} of ${max}`,
    head: value === 0 ? `mean of ${max}` : `${value} of ${max}`,
    strength: `${value} %`,
    threshold: percent(value / 100).replace('.0', ''),
  }[name];
  output.value = words;
  input.setAttribute('aria-valuetext', words);
}
