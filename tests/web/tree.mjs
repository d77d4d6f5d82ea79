// SPDX-License-Identifier: Apache-2.0
// Where the tree and the built modules are, and the files that tests of bits read.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const tree = fileURLToPath(new URL('../../', import.meta.url));
export const built = join(tree, 'build/web');
export const recordedDigests = readFileSync(join(tree, 'tests/golden/digests.txt'), 'utf8');

export function bytesOf(path) {
  return new Uint8Array(readFileSync(join(tree, path)));
}

// Of the photographs and networks that digests are of.
export function digestPaths() {
  return ['docs/images/samples', 'models/pretrained', 'tests/golden/models'].flatMap((folder) => (
    readdirSync(join(tree, folder), { recursive: true }).map((path) => join(folder, path))
      .filter((path) => statSync(join(tree, path)).isFile())));
}
