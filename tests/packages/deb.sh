#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of FOLDER in a fresh Debian of this machine's release, and uses them there (in_debian.sh).
# Nothing of the tree is there but the samples and an example. Usage: deb.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
cp "$1"/*.deb docs/images/samples/chelsea.png docs/examples/c/classify.c docs/examples/classify.cpp \
  tests/packages/in_debian.sh "$files"
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mmdebstrap --variant=apt "$release" /dev/null --customize-hook="copy-in $files /opt" \
  --customize-hook="chroot \"\$1\" bash /opt/${files##*/}/in_debian.sh"
