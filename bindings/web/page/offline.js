// SPDX-License-Identifier: Apache-2.0
// After the first visit the page needs no network.
navigator.serviceWorker?.register('service_worker.js').catch((error) => { console.warn(error); });
