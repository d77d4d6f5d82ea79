// SPDX-License-Identifier: Apache-2.0
// This says who answers: the server that the page comes from. A page without a server has another file here.
export { answers } from './http_answers.js';
