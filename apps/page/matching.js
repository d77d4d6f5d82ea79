// SPDX-License-Identifier: Apache-2.0
// Which parts of two models' answers belong together. There is no page in here.

// Pairs of predictions of one class: { id, label, a, b } with scores, the likeliest first. What only one
// of the answers names has null in the other.
export function matchPredictions(first, second) {
  const pairs = new Map();
  for (const prediction of first) {
    pairs.set(keyOf(prediction), { ...entry(prediction), a: prediction.score });
  }
  for (const prediction of second) {
    const key = keyOf(prediction);
    pairs.set(key, { ...(pairs.get(key) ?? entry(prediction)), b: prediction.score });
  }
  return byScore([...pairs.values()]);
}

// Pairs of boxes of one class, each taken once, those first that cover each other most. Boxes that share
// less than half of their union are different things.
export function matchDetections(first, second) {
  const candidates = first.flatMap((one) => second
    .filter((other) => keyOf(one) === keyOf(other))
    .map((other) => ({ one, other, overlap: overlapOf(one.box, other.box) })))
    .filter(({ overlap }) => overlap >= 0.5)
    .sort((p, q) => q.overlap - p.overlap);
  const taken = new Set();
  const pairs = [];
  for (const { one, other, overlap } of candidates) {
    if (taken.has(one) || taken.has(other)) continue;
    taken.add(one).add(other);
    pairs.push({ ...entry(one), a: one.score, b: other.score, overlap });
  }
  const alone = (detection) => !taken.has(detection);
  pairs.push(...first.filter(alone).map((one) => ({ ...entry(one), a: one.score })));
  pairs.push(...second.filter(alone).map((other) => ({ ...entry(other), b: other.score })));
  return byScore(pairs);
}

// Intersection over union.
export function overlapOf(p, q) {
  const width = Math.min(p[2], q[2]) - Math.max(p[0], q[0]);
  const height = Math.min(p[3], q[3]) - Math.max(p[1], q[1]);
  const shared = Math.max(0, width) * Math.max(0, height);
  const all = areaOf(p) + areaOf(q) - shared;
  return all > 0 ? shared / all : 0;
}

// The cosine of the angle between two lists of features, or NaN if one of them is zero.
export function cosine(first, second) {
  const dot = (p, q) => p.reduce((sum, value, index) => sum + value * q[index], 0);
  return dot(first, second) / Math.sqrt(dot(first, first) * dot(second, second));
}

function entry({ id, label }) {
  return { id, label, a: null, b: null };
}

// Names alone do not do: ImageNet has two classes named crane.
function keyOf({ id, label }) {
  return `${id} ${label}`;
}

function areaOf([left, top, right, bottom]) {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

function byScore(pairs) {
  return pairs.sort((p, q) => Math.max(q.a, q.b) - Math.max(p.a, p.b));
}
