// SPDX-License-Identifier: Apache-2.0
// Times of models that can be compared. One answer says little: the first takes longer, and machines
// have other things to do.

// Asks the models one after the other, and so again and again: what else the machine does meets all of
// them. Answers the median time of each stage, for each of them.
export async function measureInTurns(asked, turns) {
  const taken = asked.map(() => []);
  for (let turn = 0; turn < turns; ++turn) {
    for (const [index, each] of asked.entries()) {
      const { answer, passed } = await each.again();
      taken[index].push({ ...answer.timing_ms, passed });
    }
  }
  return taken.map((times) => Object.fromEntries(
    Object.keys(times[0]).map((stage) => [stage, median(times.map((time) => time[stage]))])));
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
