// SPDX-License-Identifier: Apache-2.0
// What calibration knows of one layer: a sample of its inputs, and statistics of all of them. A
// "row" is one token of one image, or one patch under the kernel of a convolution. LayerData
// collects each item when a method first asks for it, and again once the draft has changed.
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

// Where the inputs and targets of a layer come from, image by image. Its functions are called from
// several threads at once.
struct LayerSource {
  std::vector<std::int64_t> rows;  // how many rows each image has
  // These rows of each image are output tokens: the network's outputs read them.
  RowSpan output;
  float output_weight = 1.0F;  // how much an error there counts, against one in another row
  std::function<Matrix(std::int64_t image)> inputs;   // [rows, k], from the quantized network
  std::function<Matrix(std::int64_t image)> targets;  // [rows, n], from the float network
  // Further inputs [any, k] whose results nobody reads; they steady the statistics of a layer with
  // few rows. May be empty.
  std::function<Matrix(std::int64_t image)> background;
  bool generated = false;  // from generated images: on others, quiet channels may not be quiet

  std::int64_t images() const { return static_cast<std::int64_t>(rows.size()); }
  std::int64_t rows_in_all() const {
    return std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  }
};

// Some rows of the layer's input in the quantized network, and the outputs it should give there.
struct LayerSample {
  Matrix x;                         // [rows, k]
  Matrix target;                    // [rows, n]
  std::vector<float> weight;        // [rows], mean 1: weighted sums stand for sums over all rows
  std::vector<std::int32_t> image;  // [rows]: the image that each row comes from
  std::vector<std::int32_t> place;  // [rows]: its index among the rows of that image
  std::int64_t output_tokens = 0;   // the first so many rows are output tokens
};

// Statistics of each input channel over all rows, [k] each.
struct Channels {
  std::vector<float> min, max, mean, deviation;
};

// Weighted means over all rows, of dequantized inputs u (see dequantized_inputs) and targets t.
// Output tokens weigh LayerSource::output_weight, all other rows 1.
struct Moments {
  Matrix gram;   // [k, k]: mean of (u - mean)(u - mean)^T, plus that of the background if any
  Matrix cross;  // [n, k]: mean of (t - mean)(u - mean)^T; empty unless asked for
  std::vector<float> input_mean, target_mean;  // [k], [n]
  // [k], [n]: unweighted means over the rows that are no output tokens; empty without such rows.
  std::vector<float> input_others, target_others;
  std::int64_t rows = 0;
  std::int64_t others = 0;  // how many rows are no output tokens
};

enum class Cross : std::uint8_t { kNo, kYes };

class LayerData {
 public:
  // Keeps about `sample_rows` rows as they are. Runs on `threads` threads; results do not depend on
  // how many.
  LayerData(LayerSource source, int threads, std::int64_t sample_rows = 3072);
  LayerData(LayerData&&) noexcept;
  ~LayerData();

  const LayerSource& source() const;
  int threads() const;
  // The kept rows, with the targets that the draft is fitted to. Later calls may change them.
  const LayerSample& sample(const LayerDraft& layer);
  // About `count` of the kept rows: all output tokens, if they leave room for others.
  LayerSample sample(const LayerDraft& layer, std::int64_t count);
  const Channels& channels();
  // `cross` says whether Moments::cross is wanted. Later calls may change the result.
  const Moments& moments(const LayerDraft& layer, Cross cross = Cross::kNo);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The weighted mean squared error of the quantized layer's outputs over the sample, divided by the
// variance of the targets. Output tokens use `output_token_bias` where the draft has one.
double output_error(const LayerDraft& layer, const LayerSample& sample);

// The operands of an attention in one image of the quantized network, each f32 [heads, tokens,
// dim].
struct AttentionSample {
  Tensor query;
  Tensor key;
  Tensor value;
};

struct AttentionData {
  std::int64_t images = 0;
  int threads = 1;
  std::function<AttentionSample(std::int64_t image)> sample;  // called from several threads at once
};

}  // namespace vitq
