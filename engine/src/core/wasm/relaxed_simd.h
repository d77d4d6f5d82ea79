// SPDX-License-Identifier: Apache-2.0
// Whether the engine has relaxed SIMD, with products that come out as they must.
// kernels/wasm/relaxed_simd.js says.
#pragma once

extern "C" int vitq_relaxed_works();
