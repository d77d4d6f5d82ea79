// SPDX-License-Identifier: Apache-2.0
// node site.mjs OUTPUT PACKAGE MODEL...: puts the page together in the folder OUTPUT, which any static host serves. It
// takes the views of the server's page, the package, and models, each in a file NAME.safetensors.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [output, packaged, ...models] = process.argv.slice(2);
if (models.length === 0) {
  console.error('usage: node site.mjs OUTPUT PACKAGE MODEL...');
  process.exit(2);
}
const here = fileURLToPath(new URL('.', import.meta.url));
const { load } = await import(pathToFileURL(join(packaged, 'vitq.js')));

rmSync(output, { recursive: true, force: true });
cpSync(join(here, '../../apps/page'), output, { recursive: true });
rmSync(join(output, 'http_answers.js'));
cpSync(join(here, 'page'), output, { recursive: true });
cpSync(packaged, join(output, 'vitq'), { recursive: true });
mkdirSync(join(output, 'models'));
writeFileSync(join(output, 'models/models.json'), JSON.stringify(await Promise.all(models.map(offer))));
inPage('</head>', '  <link rel="manifest" href="vitq.webmanifest">\n  <script type="module" src="offline.js"></script>\n</head>');
inPage('id="file" type="file" accept="image/*"', 'id="file" type="file" accept="image/*,.safetensors"');
inPage('or drop one, or paste it', 'or drop one, or a model file, or paste it');
writeFileSync(join(output, '.nojekyll'), '');  // GitHub would drop files whose names begin with _
keepOffline();

// Copies a model, and answers what the page shows of it before it is loaded.
async function offer(file) {
  cpSync(file, join(output, 'models', basename(file)));
  const model = await load(readFileSync(file), { name: basename(file), threads: 1 });
  const { task, family, classes, format, bytes, answers, input } = model.info;
  model.close();
  return { name: basename(file, '.safetensors'), task, family, classes, format, bytes, answers, input };
}

function inPage(words, others) {
  const page = join(output, 'index.html');
  const html = readFileSync(page, 'utf8');
  if (!html.includes(words)) throw new Error(`apps/page/index.html has no ${words}`);
  writeFileSync(page, html.replace(words, others));
}

function keepOffline() {
  const all = readdirSync(output, { recursive: true }).map((path) => join(output, path))
    .filter((path) => statSync(path).isFile() && !/README|\.d\.ts$|nojekyll|package\.json|service_worker/.test(path)).sort();
  const hash = createHash('sha256');
  for (const path of all) hash.update(relative(output, path)).update(readFileSync(path));
  const files = ['./', ...all.map((path) => relative(output, path))];
  const site = { name: `vitq-${hash.digest('hex').slice(0, 16)}`, files };
  const worker = join(output, 'service_worker.js');
  writeFileSync(worker, `self.site = ${JSON.stringify(site)};\n${readFileSync(worker, 'utf8')}`);
}
