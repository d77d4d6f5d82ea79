// SPDX-License-Identifier: Apache-2.0
// The page: pictures come in, one or two models are asked, and their views are put together.
import { answers } from './answers.js';
import { ownKind } from './asked.js';
import { watchCamera } from './camera.js';
import { Comparison } from './compare.js';
import { Controls } from './controls.js';
import { make } from './dom.js';
import { Failure } from './failure.js';
import { showFailure } from './failure_box.js';
import { readPicture, watchImages } from './images.js';
import { Pane } from './pane.js';
import { Settings } from './settings.js';

const byId = (id) => document.getElementById(id);
const settings = new Settings();
const controls = new Controls(byId('controls'), settings);
const comparison = new Comparison(byId('comparison'));
const panes = [new Pane(settings, paneChanged), new Pane(settings, paneChanged)];
let models = [];
let picture = null;
let latestPicture = 0;  // counts them: reading an older one may take longer
let latestRefresh = 0;

async function loadModels() {
  try {
    models = (await answers.models()).filter(ownKind);
    if (models.length === 0) throw new Failure('There is no model that looks at pictures.');
    showFailure(byId('trouble'), null);
  } catch (error) {
    report(error, loadModels);
    return;
  }
  const [model, other] = [byId('model'), byId('other')];
  model.replaceChildren(...models.map(option));
  other.replaceChildren(make('option', { value: '' }, 'nothing'), ...models.map(option));
  model.disabled = false;
  other.disabled = models.length < 2;
  start();
}

function option({ name, format }) {
  return make('option', { value: name }, format ? `${name} (${format})` : name);
}

// The models that are looked at: one, or two different ones.
function chosen() {
  const [model, other] = [byId('model').value, byId('other').value];
  return models.filter(({ name }) => name === model)
    .concat(models.filter(({ name }) => name === other && other !== model));
}

async function take(blob, name) {
  const number = ++latestPicture;
  try {
    if (await answers.adopt?.(blob, name)) {
      await loadModels();
      return;
    }
    const read = await readPicture(blob, name);
    if (number !== latestPicture) {
      read.bitmap.close();
      return;
    }
    picture?.bitmap.close();
    picture = read;
    showFailure(byId('trouble'), null);
    await (models.length > 0 ? start() : loadModels());
  } catch (error) {
    if (number === latestPicture) report(error);
  }
}

// Asks all models about the picture anew.
function start() {
  for (const each of byId('other').options) each.disabled = each.value === byId('model').value;
  comparison.hide();
  if (!picture || models.length === 0) return;
  const shown = chosen();
  shown.forEach((model, index) => { panes[index].set(model, picture); });
  for (const pane of panes.slice(shown.length)) pane.cancel();
  byId('panes').replaceChildren(...panes.slice(0, shown.length).map(({ element }) => element));
  byId('panes').classList.toggle('two', shown.length === 2);
  byId('input').classList.remove('empty');
  byId('controls').hidden = false;
  update();
  refresh();
}

// One after the other: models that work at the same time would lengthen each other's times.
async function refresh() {
  const number = ++latestRefresh;
  for (const pane of openPanes()) {
    await pane.refresh();
    if (number !== latestRefresh) return;  // a newer one asks the others
  }
}

function openPanes() {
  return panes.filter(({ element }) => element.isConnected);
}

function update() {
  const open = openPanes();
  const abilities = new Set(open.flatMap(({ model }) => model.answers));
  const attentions = open.map(({ attention }) => attention).filter(Boolean);
  const deepest = attentions.sort((a, b) => b.maps.length - a.maps.length)[0];
  controls.update(abilities, deepest && { layers: deepest.maps.length, heads: deepest.maps[0].length });
}

function paneChanged(error) {
  if (error?.needsToken) askForToken();
  update();
  const open = openPanes();
  const words = open.map(({ summary }) => summary);
  if (open.length === 2 && open.every(({ own }) => own)) {
    const [asked, own] = [open.map((pane) => pane.asked), open.map((pane) => pane.own)];
    words.push(comparison.show(asked, own, settings.threshold));
  }
  byId('status').textContent = words.join(' ');
}

function report(error, again) {
  if (error.needsToken) askForToken();
  showFailure(byId('trouble'), error, again);
}

function askForToken() {
  byId('token-form').hidden = false;
  byId('token').focus();
}

byId('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  answers.useToken(byId('token').value);
  byId('token').value = '';
  byId('token-form').hidden = true;
  if (models.length === 0) {
    loadModels();
  } else {
    start();
  }
});
settings.addEventListener('change', () => {
  update();
  refresh();
});
for (const id of ['model', 'other']) byId(id).addEventListener('change', start);
watchImages([byId('file'), byId('capture')], take, report);
watchCamera({ button: byId('camera'), input: byId('capture'), dialog: byId('camera-dialog') }, take);
byId('note').textContent = answers.note;
answers.watch?.((words) => { byId('note').textContent = words; });
loadModels();
