// SPDX-License-Identifier: Apache-2.0
// Dense matrix products on the calling thread. The suffix says which operands are transposed, as
// in BLAS.
#pragma once

#include "vitq/matrix.h"

namespace vitq {

// a [m, k], b [n, k] -> a b^T, [m, n].
Matrix matmul_nt(const Matrix& a, const Matrix& b);
// a [k, m], b [k, n] -> a^T b, [m, n].
Matrix matmul_tn(const Matrix& a, const Matrix& b);

}  // namespace vitq
