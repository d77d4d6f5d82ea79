// SPDX-License-Identifier: Apache-2.0
// What calibration knows of one layer: rows kept as they are, and sums over all rows. Everything is
// collected when it is first asked for, so that a method states its needs by using them, and is
// collected again when the draft it depends on has changed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "vitq/layer_draft.h"
#include "vitq/matrix.h"
#include "vitq/tensor.h"

namespace vitq {

// Where a layer's rows come from, image by image. Called from several threads at once.
struct LayerSource {
  std::vector<std::int64_t> rows;  // of each image
  std::int64_t output_begin = 0;   // rows [begin, end) of each image are output: the network's
  std::int64_t output_end = 0;     // outputs read them
  float output_weight = 1.0F;      // how much an error there counts, against one elsewhere
  std::function<Matrix(std::int64_t image)> inputs;   // [rows, k], of the quantized stream
  std::function<Matrix(std::int64_t image)> targets;  // [rows, n], of the float stream
  // Inputs of rows whose results nobody reads; they steady the statistics of few rows. Or none.
  std::function<Matrix(std::int64_t image)> background;

  std::int64_t images() const { return static_cast<std::int64_t>(rows.size()); }
  std::int64_t rows_in_all() const {
    return std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  }
};

// Rows of the layer's input in the quantized stream, and what it should make of them.
struct RowSample {
  Matrix x;                         // [rows, k]
  Matrix target;                    // [rows, n]
  std::vector<float> weight;        // [rows]: makes sums over these rows stand for all rows; mean 1
  std::vector<std::int32_t> image;  // [rows]: where each comes from,
  std::vector<std::int32_t> place;  // and which row of that image it is
  std::int64_t output_tokens = 0;   // how many of the rows, the first ones, are output
};

// Per input channel, over all rows.
struct Channels {
  std::vector<float> min, max, mean, deviation;
};

// Weighted means over all rows, of dequantized inputs u (see dequantized_inputs) and targets t.
struct Moments {
  Matrix gram;   // [k, k]: (u - mean)(u - mean)^T; of `background` too, if there is one
  Matrix cross;  // [n, k]: (t - mean)(u - mean)^T; empty unless asked for
  std::vector<float> input_mean, target_mean;      // all rows
  std::vector<float> input_others, target_others;  // unweighted, rows that are not output; or none
  std::int64_t rows = 0;
  std::int64_t others = 0;  // rows that are not output
};

enum class Cross : std::uint8_t { kNo, kYes };

class LayerData {
 public:
  LayerData(LayerSource source, int threads, std::int64_t rows_kept = 3072);
  LayerData(LayerData&&) noexcept;
  ~LayerData();

  const LayerSource& source() const;
  int threads() const;
  const RowSample& rows(const LayerDraft& layer);
  // About `count` of the rows: all output ones, if they leave room for others.
  RowSample rows(const LayerDraft& layer, std::int64_t count);
  const Channels& channels();
  const Moments& moments(const LayerDraft& layer, Cross cross = Cross::kNo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The error of the layer's outputs over the kept rows: weighted mean of squares, relative to the
// variance of the targets. With `output_token_bias` where the draft has it.
double output_error(const LayerDraft& layer, const RowSample& rows);

// Operands of an attention in one image of the quantized stream, f32 [heads, tokens, dim].
struct AttentionSample {
  Tensor query;
  Tensor key;
  Tensor value;
};

struct AttentionData {
  std::int64_t images = 0;
  int threads = 1;
  std::function<AttentionSample(std::int64_t image)> sample;  // from several threads at once
};

}  // namespace vitq
