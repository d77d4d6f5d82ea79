// SPDX-License-Identifier: Apache-2.0
// Runs the module of tier_digests on files of the tree, in Node or in a worker of a browser, and answers what it prints.
'use strict';

// `create` is emscripten's, `files` has [path in the tree, bytes] each. `isa` is what VITQ_ISA says.
async function digestsOf(create, files, isa, options = {}) {
  const lines = [];
  const prepare = (module) => {
    module.ENV.VITQ_ISA = isa;
    for (const [path, bytes] of files) {
      const folder = `/tree/${path}`.replace(/\/[^/]*$/, '');
      module.FS.mkdirTree(folder);
      module.FS.writeFile(`/tree/${path}`, bytes);
    }
  };
  const code = await new Promise((resolve, reject) => {
    create({
      ...options, arguments: ['fast'], preRun: [prepare], onExit: resolve, onAbort: reject,
      print: (line) => { lines.push(line); }, printErr: (line) => { lines.push(line); },
      quit: () => {},  // in Node it would end the process
    }).catch(reject);
  });
  lines.push(...(code === 0 ? [] : [`exit code ${code}`]));
  return `${lines.join('\n')}\n`;
}

if (typeof module === 'object') {
  module.exports = { digestsOf };
} else {
  self.onmessage = async ({ data: { address, paths, isa } }) => {
    try {
      importScripts(address);
      const files = await Promise.all(paths.map(async (path) => {
        const response = await fetch(`/tree/${path}`);
        return [path, new Uint8Array(await response.arrayBuffer())];
      }));
      const script = new URL(address, self.location.origin).href;
      const options = { mainScriptUrlOrBlob: script, locateFile: (file) => new URL(file, script).href };
      self.postMessage(await digestsOf(self.createDigests, files, isa, options));
    } catch (error) {
      self.postMessage(`${error.stack ?? error}\n`);
    }
  };
}
