// SPDX-License-Identifier: Apache-2.0
#include "base/matmul.h"

#include "vitq/gemm.h"

namespace vitq {
namespace {

Matrix multiplied(const GemmShape& shape, const Matrix& a, const Matrix& b) {
  Matrix c(shape.m, shape.n);
  gemm(shape, a.values.data(), b.values.data(), c.values.data());
  return c;
}

}  // namespace

Matrix matmul_nt(const Matrix& a, const Matrix& b) {
  return multiplied({.m = a.rows, .n = b.rows, .k = a.cols, .transpose_b = true}, a, b);
}

Matrix matmul_tn(const Matrix& a, const Matrix& b) {
  return multiplied({.m = a.cols, .n = b.cols, .k = a.rows, .transpose_a = true}, a, b);
}

}  // namespace vitq
