// SPDX-License-Identifier: Apache-2.0
// The tables that select.cpp chooses from, one compiled per instruction.
#pragma once

#include "kernels/products/products.h"

namespace vitq {

namespace pairs_sse2 {
const CodeProducts& table();
}
namespace pairs_avx2 {
const CodeProducts& table();
}
namespace quads_avx_vnni {
const CodeProducts& table();
}
namespace quads_avx512_vnni {
const CodeProducts& table();
}

}  // namespace vitq
