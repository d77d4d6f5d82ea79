// SPDX-License-Identifier: Apache-2.0
// Made-up matrices and attentions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/random.h"
#include "vitq/layer_data.h"
#include "vitq/layer_draft.h"
#include "vitq/matrix.h"
#include "vitq/tensor.h"

namespace test {

// Multiples of 1/1024 in [-2, 2].
inline vitq::Matrix noise(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  vitq::Random random(seed);
  vitq::Matrix m(rows, cols);
  for (float& v : m.values) v = static_cast<float>(random.below(4097) - 2048) / 1024.0F;
  return m;
}

inline vitq::Tensor noise_tensor(const vitq::Shape& shape, std::uint64_t seed) {
  vitq::Tensor tensor(shape, vitq::DType::kF32);
  const vitq::Matrix values = noise(1, shape.elements(), seed);
  std::copy(values.values.begin(), values.values.end(), tensor.as<float>().begin());
  return tensor;
}

// A layer of n outputs and k inputs with weights and a bias.
inline vitq::LayerDraft layer_draft(std::int64_t n, std::int64_t k, int bits) {
  vitq::LayerDraft layer;
  layer.weight = noise(n, k, 77);
  layer.bias = noise(1, n, 78).values;
  layer.weight_bits = layer.activation_bits = bits;
  layer.new_bias = layer.bias;
  return layer;
}

// Images of some rows of k inputs; the first row of each is output.
inline vitq::LayerSource layer_source(std::int64_t images, std::int64_t rows, std::int64_t k) {
  vitq::LayerSource source;
  source.rows.assign(static_cast<std::size_t>(images), rows);
  source.output.end = 1;
  source.inputs = [=](std::int64_t image) {
    return noise(rows, k, static_cast<std::uint64_t>(image));
  };
  return source;
}

}  // namespace test
