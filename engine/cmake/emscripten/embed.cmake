# SPDX-License-Identifier: Apache-2.0
# Writes the template IN to OUT, with the bytes of the module WASM in hexadecimal digits.
file(READ ${WASM} RELAXED_SIMD HEX)
configure_file(${IN} ${OUT} @ONLY)
