// SPDX-License-Identifier: Apache-2.0
// How the views make elements and write numbers.

// make('li', { className: 'bar' }, 'text', child): properties are set as they are, children appended.
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Answers a copy of the template's first element.
export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

// A row is its heading and its cells.
export function table(caption, headings, rows) {
  const columns = headings.map((words) => make('th', { scope: 'col' }, words));
  return make('table', {}, make('caption', {}, caption),
    make('thead', {}, make('tr', {}, ...columns)),
    make('tbody', {}, ...rows.map(([heading, ...cells]) => make('tr', {},
      make('th', { scope: 'row' }, heading), ...cells.map((cell) => make('td', {}, cell))))));
}

export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

export function milliseconds(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

export function bytes(count) {
  if (count < 1e6) return `${(count / 1e3).toFixed(0)} kB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(1)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

// A class without a name has a number.
export function nameOf({ id, label }) {
  return label || `class ${id}`;
}
