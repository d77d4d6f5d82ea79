// SPDX-License-Identifier: Apache-2.0
// Dense arrays: element types, shapes, and a 64-byte-aligned, row-major Tensor. There are no
// strides here; layout belongs to View (vitq/plan.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vitq {

enum class DType : std::uint8_t { kF32, kF16, kBF16, kF64, kS32, kS64, kS16, kS8, kU8 };

// Bytes per element.
std::size_t size_of(DType dtype);
// "f32", "f16", ... as printed in tables and messages.
std::string_view name_of(DType dtype);

// The DType that stores C++ type T, so that Tensor::as<T>() can check itself.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kF32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType kValue = DType::kF64;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType kValue = DType::kS32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType kValue = DType::kS64;
};
template <>
struct DTypeOf<std::int16_t> {
  static constexpr DType kValue = DType::kS16;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType kValue = DType::kS8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType kValue = DType::kU8;
};

// Extents of an array, outermost first. Every extent is >= 0 and the element count fits 63 bits
// (checked; LimitError otherwise). At most kMaxRank dimensions.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;  // rank 0: one element
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  // Negative indices count from the end, as in NumPy.
  std::int64_t operator[](int axis) const;
  std::int64_t elements() const { return elements_; }
  std::span<const std::int64_t> dims() const { return {dims_, static_cast<std::size_t>(rank_)}; }
  // The same shape with one extent replaced.
  Shape with(int axis, std::int64_t extent) const;
  // "[1, 197, 192]"
  std::string str() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::int64_t dims_[kMaxRank] = {};
  int rank_ = 0;
  std::int64_t elements_ = 1;
};

// A dense row-major array. Copies share storage; clone() copies. A tensor may borrow memory, such
// as a mapped file, and keeps its owner alive.
class Tensor {
 public:
  Tensor() = default;                // empty: no storage, shape [0]
  Tensor(Shape shape, DType dtype);  // zero-filled
  // Borrows `data`, which must hold at least shape x dtype bytes, be aligned to the element, and
  // stay valid as long as `owner` lives.
  static Tensor borrow(Shape shape, DType dtype, std::byte* data, std::shared_ptr<void> owner);

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  std::size_t bytes() const;
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }

  // All elements in row-major order. Throws ShapeError if T is not the element type.
  template <typename T>
  std::span<T> as();
  template <typename T>
  std::span<const T> as() const;

  Tensor clone() const;
  // The same storage under another shape of equally many elements.
  Tensor reshaped(Shape shape) const;
  // Float types converted to f32 (exact for f16 and bf16, rounded to nearest for f64); an f32
  // tensor is returned as it is. Throws ShapeError for integer types.
  Tensor to_f32() const;

 private:
  void require(DType dtype) const;

  Shape shape_ = {0};
  DType dtype_ = DType::kF32;
  std::byte* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

template <typename T>
std::span<T> Tensor::as() {
  require(DTypeOf<T>::kValue);
  return {reinterpret_cast<T*>(data_), static_cast<std::size_t>(shape_.elements())};
}

template <typename T>
std::span<const T> Tensor::as() const {
  require(DTypeOf<T>::kValue);
  return {reinterpret_cast<const T*>(data_), static_cast<std::size_t>(shape_.elements())};
}

}  // namespace vitq
