// SPDX-License-Identifier: Apache-2.0
// This says who answers: models in this browser.
export { answers } from './worker_answers.js';
