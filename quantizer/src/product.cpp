// SPDX-License-Identifier: Apache-2.0
#include "product.h"

#include <Eigen/Core>

namespace vitq {
namespace {

using Dense = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<const Dense> view(const Matrix& m) {
  return {m.values.data(), m.rows, m.cols};
}
Eigen::Map<Dense> view(Matrix& m) {
  return {m.values.data(), m.rows, m.cols};
}

}  // namespace

Matrix product_transposed(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.rows);
  view(c).noalias() = view(a) * view(b).transpose();
  return c;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.rows, b.cols);
  view(c).noalias() = view(a) * view(b);
  return c;
}

Matrix transposed_product(const Matrix& a, const Matrix& b) {
  Matrix c(a.cols, b.cols);
  view(c).noalias() = view(a).transpose() * view(b);
  return c;
}

}  // namespace vitq
