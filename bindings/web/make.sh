#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: make.sh [node]
# Makes the package of what the presets web and web-threads have built, and tests it in Node. Without `node` it
# makes the page, too, and tests both in Chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

package=build/web/package
rm -rf $package
mkdir -p $package/wasm
cp -r bindings/web/package/. $package
cp build/web/bin/vitq* $package/wasm
if [ "${1:-}" != node ]; then cp build/web-threads/bin/vitq* $package/wasm; fi
node --test tests/web/node_test.mjs
if [ "${1:-}" = node ]; then exit; fi
node bindings/web/site.mjs build/web/site $package build/release/share/vitq/*.safetensors
node --test tests/web/browser_test.mjs
