// SPDX-License-Identifier: Apache-2.0
#include "infer/npy_stack.h"

#include <algorithm>

#include "common/output.h"
#include "vitq/error.h"
#include "vitq/npy.h"

namespace vitq::apps {

NpyStack::NpyStack(std::filesystem::path path, Overwrite overwrite)
    : path_(std::move(path)), overwrite_(overwrite) {
  require_free(path_, overwrite_);
}

void NpyStack::add(const Tensor& tensor) {
  parts_.push_back(tensor.clone());
}

void NpyStack::finish() const {
  if (parts_.empty()) return;
  const Shape& first = parts_.front().shape();
  std::int64_t rows = 0;
  for (const Tensor& part : parts_) {
    rows += part.shape()[0];
    if (part.shape().with(0, first[0]) != first) {
      throw ShapeError(path_.string() + ": the images give tensors of different shapes, " +
                       first.str() + " and " + part.shape().str() + "; take them one by one");
    }
  }
  Tensor whole(first.with(0, rows), parts_.front().dtype());
  std::byte* to = whole.data();
  for (const Tensor& part : parts_) to = std::copy_n(part.data(), part.bytes(), to);
  write_npy(path_, whole, overwrite_);
}

}  // namespace vitq::apps
