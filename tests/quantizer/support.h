// SPDX-License-Identifier: Apache-2.0
// Layers made up of random numbers, and methods run on them.
#pragma once

#include <cmath>
#include <random>

#include "vitq/layer_data.h"
#include "vitq/method.h"

namespace vitq::test {

inline Matrix random_matrix(std::int64_t rows, std::int64_t cols, unsigned seed) {
  Matrix m(rows, cols);
  std::mt19937 random(seed);
  for (float& v : m.values) v = static_cast<float>(random() % 20001) / 10000.0F - 1.0F;
  return m;
}

// Columns that lean on each other: each is mostly the one before it.
inline Matrix correlated_rows(std::int64_t rows, std::int64_t cols, unsigned seed) {
  Matrix m = random_matrix(rows, cols, seed);
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::span<float> row = m.row(r);
    for (std::size_t c = 1; c < row.size(); ++c) row[c] = 0.9F * row[c - 1] + 0.3F * row[c];
  }
  return m;
}

// A layer in float with these weights, activations found per row, rounded to nearest.
inline LayerDraft draft_of(Matrix weight, int weight_bits, int activation_bits = 8) {
  LayerDraft layer;
  layer.name = "layer";
  layer.weight_bits = weight_bits;
  layer.activation_bits = activation_bits;
  layer.bias.assign(static_cast<std::size_t>(weight.rows), 0.25F);
  layer.new_bias = layer.bias;
  layer.parts = {weight.rows};
  layer.weight = std::move(weight);
  layer.input.bits = activation_bits;
  layer.target = Target::kOwnInputs;
  set_smoothing(layer, {}, {});
  return layer;
}

// The first `output` of each output; targets W x + b.
inline LayerSource source_of(const LayerDraft& layer, std::vector<Matrix> images,
                             std::int64_t output_tokens = 0) {
  LayerSource source;
  for (const Matrix& image : images) source.rows.push_back(image.rows);
  source.output.end = output_tokens;
  source.inputs = [images](std::int64_t i) { return images[static_cast<std::size_t>(i)]; };
  source.targets = [images, layer](std::int64_t i) {
    return float_outputs(layer, images[static_cast<std::size_t>(i)]);
  };
  return source;
}

inline std::vector<Matrix> correlated_images(std::int64_t images, std::int64_t rows,
                                             std::int64_t cols) {
  std::vector<Matrix> all;
  for (std::int64_t i = 0; i < images; ++i) {
    all.push_back(correlated_rows(rows, cols, static_cast<unsigned>(100 + i)));
  }
  return all;
}

inline void run(std::string_view method, const std::string& settings, LayerDraft& layer,
                LayerData& data) {
  make_method(method, Json::parse(settings, "test"))->fit_layer(layer, data);
}

// Rounded to nearest under searched scales.
inline LayerDraft rounded(int bits, LayerData& data, const LayerDraft& like) {
  LayerDraft layer = like;
  layer.weight_bits = bits;
  run("row_scale", "{}", layer, data);
  return layer;
}

// sum over outputs of (codes * scale - goal) H (codes * scale - goal)^T
inline double objective(const LayerDraft& layer, const Matrix& gram) {
  double total = 0.0;
  const Matrix w = dequantized_weights(layer);
  for (std::int64_t o = 0; o < w.rows; ++o) {
    for (std::int64_t i = 0; i < w.cols; ++i) {
      for (std::int64_t j = 0; j < w.cols; ++j) {
        const auto a = static_cast<std::size_t>(i);
        const auto b = static_cast<std::size_t>(j);
        total += static_cast<double>(w.row(o)[a] - layer.goal.row(o)[a]) *
                 static_cast<double>(gram.row(i)[b]) *
                 static_cast<double>(w.row(o)[b] - layer.goal.row(o)[b]);
      }
    }
  }
  return total;
}

}  // namespace vitq::test
