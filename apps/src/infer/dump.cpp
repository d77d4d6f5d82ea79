// SPDX-License-Identifier: Apache-2.0
#include "infer/dump.h"

#include <algorithm>

#include "common/output.h"
#include "vitq/error.h"
#include "vitq/npy.h"

namespace vitq::apps {

namespace {

// Makes [n + m, ...] of [n, ...] and [m, ...].
Tensor stacked(const std::vector<Tensor>& parts) {
  const Shape& first = parts.front().shape();
  std::int64_t rows = 0;
  for (const Tensor& part : parts) {
    rows += part.shape()[0];
    if (part.shape().with(0, first[0]) != first) {
      throw ShapeError("--dump: the images give tensors of different shapes, " + first.str() +
                       " and " + part.shape().str() + "; dump them one by one");
    }
  }
  Tensor whole(first.with(0, rows), parts.front().dtype());
  std::byte* to = whole.data();
  for (const Tensor& part : parts) to = std::copy_n(part.data(), part.bytes(), to);
  return whole;
}

}  // namespace

Dump::Dump(const std::filesystem::path& folder, const std::vector<std::string>& names,
           Overwrite overwrite)
    : overwrite_(overwrite) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError(Fault::kUnreadable, folder.string(), error.message());
  for (const std::string& name : names) {
    items_.push_back({folder / (name + ".npy"), {}});
    require_free(items_.back().path, overwrite_);
  }
}

void Dump::add(std::size_t index, const Tensor& tensor) {
  items_[index].parts.push_back(tensor.clone());
}

void Dump::finish() const {
  for (const Item& item : items_) {
    if (!item.parts.empty()) write_npy(item.path, stacked(item.parts), overwrite_);
  }
}

}  // namespace vitq::apps
