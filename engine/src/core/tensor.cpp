// SPDX-License-Identifier: Apache-2.0
#include "vitq/tensor.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/checked.h"
#include "core/half.h"
#include "core/text.h"

namespace vitq {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kS32: return 4;
    case DType::kF16:
    case DType::kBF16:
    case DType::kS16: return 2;
    case DType::kF64:
    case DType::kS64: return 8;
    case DType::kS8:
    case DType::kU8: return 1;
  }
  return 0;
}

std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::kF32: return "f32";
    case DType::kF16: return "f16";
    case DType::kBF16: return "bf16";
    case DType::kF64: return "f64";
    case DType::kS32: return "s32";
    case DType::kS64: return "s64";
    case DType::kS16: return "s16";
    case DType::kS8: return "s8";
    case DType::kU8: return "u8";
  }
  return "?";
}

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > kMaxRank) {
    throw LimitError(cat("a shape of rank ", dims.size(), "; at most ", kMaxRank, " is supported"));
  }
  bool empty = false;
  std::int64_t product = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) throw ShapeError(cat("a negative extent: ", dim));
    if (dim == 0) empty = true;
    // Zero extents are left out, so that [2^40, 2^40, 0] overflows as [2^40, 2^40] does.
    if (dim != 0) product = checked_mul(product, dim);
    dims_[rank_++] = dim;
  }
  elements_ = empty ? 0 : product;
}

std::int64_t Shape::operator[](int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  if (index < 0 || index >= rank_) throw ShapeError(cat("axis ", axis, " of shape ", str()));
  return dims_[index];
}

Shape Shape::with(int axis, std::int64_t extent) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  if (index < 0 || index >= rank_) throw ShapeError(cat("axis ", axis, " of shape ", str()));
  std::int64_t dims[kMaxRank];
  std::memcpy(dims, dims_, sizeof(dims));
  dims[index] = extent;
  return Shape(std::span<const std::int64_t>(dims, static_cast<std::size_t>(rank_)));
}

std::string Shape::str() const {
  std::string text;
  for (const std::int64_t dim : dims()) text += (text.empty() ? "" : ", ") + std::to_string(dim);
  return cat('[', text, ']');
}

bool operator==(const Shape& a, const Shape& b) {
  return a.rank_ == b.rank_ && std::memcmp(a.dims_, b.dims_, sizeof(a.dims_)) == 0;
}

Tensor::Tensor(Shape shape, DType dtype) : shape_(shape), dtype_(dtype) {
  constexpr std::size_t kAlignment = 64;
  const auto size = static_cast<std::size_t>(
      checked_mul(shape.elements(), static_cast<std::int64_t>(size_of(dtype))));
  // Zeros that are not touched before they are used cost neither time nor memory.
  void* memory = std::calloc(size + kAlignment, 1);
  if (memory == nullptr) throw std::bad_alloc();
  owner_ = std::shared_ptr<void>(memory, std::free);
  std::size_t room = size + kAlignment;
  data_ = static_cast<std::byte*>(std::align(kAlignment, size, memory, room));
}

Tensor Tensor::borrow(Shape shape, DType dtype, std::byte* data, std::shared_ptr<void> owner) {
  Tensor tensor;
  tensor.shape_ = shape;
  tensor.dtype_ = dtype;
  tensor.data_ = data;
  tensor.owner_ = std::move(owner);
  return tensor;
}

std::size_t Tensor::bytes() const {
  return static_cast<std::size_t>(shape_.elements()) * size_of(dtype_);
}

Tensor Tensor::clone() const {
  Tensor copy(shape_, dtype_);
  if (bytes() > 0) std::memcpy(copy.data_, data_, bytes());
  return copy;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.elements() != shape_.elements()) {
    throw ShapeError(cat("cannot view ", shape_.str(), " as ", shape.str()));
  }
  return borrow(shape, dtype_, data_, owner_);
}

Tensor Tensor::to_f32() const {
  if (dtype_ == DType::kF32) return *this;
  Tensor result(shape_, DType::kF32);
  const std::span<float> out = result.as<float>();
  if (dtype_ == DType::kF64) {
    const std::span<const double> in = as<double>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(in[i]);
  } else if (dtype_ == DType::kF16 || dtype_ == DType::kBF16) {
    const auto* in = reinterpret_cast<const std::uint16_t*>(data_);
    const auto convert = dtype_ == DType::kF16 ? half_to_float : bfloat16_to_float;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = convert(in[i]);
  } else {
    throw ShapeError(cat("cannot read ", name_of(dtype_), " as floating point"));
  }
  return result;
}

void Tensor::require(DType dtype) const {
  if (dtype_ != dtype) {
    throw ShapeError(cat("a tensor of ", name_of(dtype_), " was used as ", name_of(dtype)));
  }
}

}  // namespace vitq
