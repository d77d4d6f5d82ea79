// SPDX-License-Identifier: Apache-2.0
// What went wrong, in words for whoever sits before the page.

export class Failure extends Error {
  // `needsToken` says that a token would help, `waitSeconds` when it is worth trying again.
  constructor(message, { needsToken = false, waitSeconds = 0 } = {}) {
    super(message);
    this.name = 'Failure';
    this.needsToken = needsToken;
    this.waitSeconds = waitSeconds;
  }
}

// Errors of any other kind are mistakes of the page. They are shown all the same, and kept for the console.
export function inWords(error) {
  if (error instanceof Failure) return error.message;
  console.error(error);
  return `The page failed: ${error.message}`;
}
