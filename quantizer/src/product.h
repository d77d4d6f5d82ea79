// SPDX-License-Identifier: Apache-2.0
// Dense products of matrices, on the calling thread.
#pragma once

#include "vitq/matrix.h"

namespace vitq {

// a [m, k], b [n, k] -> a b^T, [m, n].
Matrix product_transposed(const Matrix& a, const Matrix& b);
// a [m, k], b [k, n] -> a b, [m, n].
Matrix product(const Matrix& a, const Matrix& b);
// a [k, m], b [k, n] -> a^T b, [m, n].
Matrix transposed_product(const Matrix& a, const Matrix& b);

}  // namespace vitq
