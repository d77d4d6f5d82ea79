// SPDX-License-Identifier: Apache-2.0
// A host of static files for tests, on a free port of this machine.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const types = {
  '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.wasm': 'application/wasm', '.webmanifest': 'application/manifest+json',
};
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

// `folders` are what the first parts of addresses stand for: { '/tree/': '/path' }. With `isolated`, pages may have
// threads.
export async function serve(folders, { isolated = false } = {}) {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, 'http://host');
    const path = decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    const prefix = Object.keys(folders).filter((each) => path.startsWith(each)).sort((a, b) => b.length - a.length)[0];
    const file = prefix && normalize(join(folders[prefix], path.slice(prefix.length)));
    try {
      if (!file || !file.startsWith(normalize(folders[prefix] + sep))) throw new Error('no such file');
      const bytes = await readFile(file);
      response.writeHead(200, {
        'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Length': bytes.length,
        ...(isolated ? isolation : {}),
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => { server.listen(0, '127.0.0.1', ready); });
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}
