// SPDX-License-Identifier: Apache-2.0
// Keeps all files of the page, and isolates it from other origins where its host does not: then models have threads.
// site.mjs writes the list of files, and a name that changes with any of them.
const { name, files } = self.site;
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

self.addEventListener('install', (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  if (event.request.method === 'GET' && event.request.url.startsWith(self.registration.scope)) {
    event.respondWith(answer(event.request));
  }
});

async function keepAll() {
  const cache = await caches.open(name);
  await cache.addAll(files.map((file) => new Request(file, { cache: 'no-cache' })));
}

async function forgetOthers() {
  const others = (await caches.keys()).filter((each) => each.startsWith('vitq-') && each !== name);
  await Promise.all(others.map((each) => caches.delete(each)));
}

async function answer(request) {
  const cache = await caches.open(name);
  const response = await cache.match(request, { ignoreSearch: true }) ?? await fetch(request);
  const headers = new Headers(response.headers);
  for (const [key, value] of Object.entries(isolation)) headers.set(key, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
