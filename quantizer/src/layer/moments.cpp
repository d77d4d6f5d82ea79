// SPDX-License-Identifier: Apache-2.0
// Sums up, in double, products of blocks in float. Values are taken relative to a centre near their
// mean, so that little is lost when the mean is taken out in the end.
#include <cmath>

#include "base/matmul.h"
#include "base/parallel.h"
#include "layer/statistics.h"

namespace vitq {
namespace {

constexpr std::int64_t kBlockRows = 1024;

using Sums = std::vector<double>;

void add_to(Sums& sums, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += static_cast<double>(values[i]);
}

// What one lane has summed up. Parts with `t` are about targets, and stay empty if none are wanted.
struct Lane {
  Matrix u_block, t_block;  // rows times the square root of their weight
  std::int64_t filled = 0;
  Sums gram, cross;         // weighted products
  Sums u_sum, t_sum;        // weighted
  Sums u_others, t_others;  // unweighted, of rows that are not output
  double weight = 0.0;
  bool wants_cross = false;

  Lane(std::int64_t k, std::int64_t n, bool with_cross)
      : u_block(kBlockRows, k),
        t_block(with_cross ? kBlockRows : 0, n),
        gram(at(k * k)),
        cross(with_cross ? at(n * k) : 0),
        u_sum(at(k)),
        t_sum(at(n)),
        u_others(at(k)),
        t_others(at(n)),
        wants_cross(with_cross) {}

  void flush() {
    if (filled == 0) return;
    u_block.rows = filled;
    u_block.values.resize(at(filled * u_block.cols));
    add_to(gram, matmul_tn(u_block, u_block).values);
    if (wants_cross) {
      t_block.rows = filled;
      t_block.values.resize(at(filled * t_block.cols));
      add_to(cross, matmul_tn(t_block, u_block).values);
      t_block = Matrix(kBlockRows, t_block.cols);
    }
    u_block = Matrix(kBlockRows, u_block.cols);
    filled = 0;
  }

  // Adds one row of inputs and, unless empty, one of targets, both relative to their centres.
  void add(std::span<const float> u, std::span<const float> t, float row_weight,
           bool output_tokens) {
    if (filled == kBlockRows) flush();
    const float root = std::sqrt(row_weight);
    for (std::size_t c = 0; c < u.size(); ++c) {
      u_block.row(filled)[c] = root * u[c];
      u_sum[c] += static_cast<double>(row_weight) * static_cast<double>(u[c]);
    }
    for (std::size_t o = 0; o < t.size(); ++o) {
      if (wants_cross) t_block.row(filled)[o] = root * t[o];
      t_sum[o] += static_cast<double>(row_weight) * static_cast<double>(t[o]);
    }
    if (!output_tokens) {
      add_to(u_others, u);
      add_to(t_others, t);
    }
    weight += static_cast<double>(row_weight);
    ++filled;
  }

  void add(const Lane& other) {
    const auto merge = [](Sums& into, const Sums& from) {
      for (std::size_t i = 0; i < into.size(); ++i) into[i] += from[i];
    };
    merge(gram, other.gram);
    merge(cross, other.cross);
    merge(u_sum, other.u_sum);
    merge(t_sum, other.t_sum);
    merge(u_others, other.u_others);
    merge(t_others, other.t_others);
    weight += other.weight;
  }
};

void subtract(Matrix& m, const std::vector<float>& centre) {
  for (std::int64_t r = 0; r < m.rows; ++r) {
    const std::span<float> row = m.row(r);
    for (std::size_t c = 0; c < row.size(); ++c) row[c] -= centre[c];
  }
}

// Gives the smoothed means of the inputs.
std::vector<float> input_centre(const LayerDraft& layer, const Channels& channels) {
  const std::vector<float> smoothing_scale = column_smoothing(layer);
  const std::vector<float> channel_offset = column_offset(layer);
  std::vector<float> centre = channels.mean;
  for (std::size_t c = 0; c < centre.size(); ++c)
    centre[c] = (centre[c] - channel_offset[c]) / smoothing_scale[c];
  return centre;
}

std::vector<float> target_centre(const LayerDraft& layer, const Channels& channels) {
  Matrix mean(1, layer.weight.cols);
  mean.values = channels.mean;
  return float_outputs(layer, mean).values;
}

struct Centres {
  std::vector<float> u, t;
};

void add_image(const LayerDraft& layer, const LayerSource& source, std::int64_t image,
               const Centres& centres, Lane& lane) {
  const Matrix x = source.inputs(image);
  Matrix t = layer.target == Target::kOwnInputs ? float_outputs(layer, x) : source.targets(image);
  Matrix u = dequantized_inputs(layer, x, source.output);
  subtract(u, centres.u);
  subtract(t, centres.t);
  for (std::int64_t r = 0; r < u.rows; ++r) {
    const bool output_tokens = source.output.has(r);
    lane.add(u.row(r), t.row(r), output_tokens ? source.output_weight : 1.0F, output_tokens);
  }
}

// Sums over all images; `add` puts one image into a lane.
template <typename Add>
Lane sum_images(const LayerDraft& layer, const LayerData& data, bool cross, const Add& add) {
  std::vector<Lane> lanes;
  for (std::int64_t i = 0; i < kLanes; ++i) {
    lanes.emplace_back(layer.weight.cols, layer.weight.rows, cross);
  }
  for_lanes(data.threads(), data.source().images(), [&](std::int64_t lane, std::int64_t image) {
    add(image, lanes[at(lane)]);
    if (image + kLanes >= data.source().images()) lanes[at(lane)].flush();
  });
  for (std::size_t i = 1; i < lanes.size(); ++i) lanes[0].add(lanes[i]);
  return std::move(lanes[0]);
}

// Gives sums / weight - mean_a mean_b^T.
Matrix centred(const Sums& sums, double weight, const Sums& a, const Sums& b) {
  Matrix result(static_cast<std::int64_t>(a.size()), static_cast<std::int64_t>(b.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t ij = i * b.size() + j;
      result.values[ij] = static_cast<float>(sums[ij] / weight - a[i] / weight * (b[j] / weight));
    }
  }
  return result;
}

std::vector<float> mean_of(const Sums& sums, double weight, const std::vector<float>& centre) {
  std::vector<float> mean = centre;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] =
        static_cast<float>(static_cast<double>(centre[i]) + sums[i] / std::max(weight, 1e-30));
  }
  return mean;
}

void add_background(const LayerDraft& layer, LayerData& data, const Centres& centres,
                    Moments& moments) {
  const LayerSource& source = data.source();
  const Lane lane = sum_images(layer, data, false, [&](std::int64_t image, Lane& into) {
    const Matrix x = source.background(image);
    Matrix u = dequantized_inputs(layer, x, {0, x.rows});  // like the rows that are read
    subtract(u, centres.u);
    for (std::int64_t r = 0; r < u.rows; ++r) into.add(u.row(r), {}, 1.0F, true);
  });
  const Matrix gram = centred(lane.gram, lane.weight, lane.u_sum, lane.u_sum);
  for (std::size_t i = 0; i < gram.values.size(); ++i) moments.gram.values[i] += gram.values[i];
}

}  // namespace

Moments collect_moments(const LayerDraft& layer, LayerData& data, Cross cross) {
  const LayerSource& source = data.source();
  const Centres centres = {input_centre(layer, data.channels()),
                           target_centre(layer, data.channels())};
  const bool with_cross = cross == Cross::kYes;
  const Lane lane = sum_images(layer, data, with_cross, [&](std::int64_t image, Lane& into) {
    add_image(layer, source, image, centres, into);
  });
  Moments moments;
  moments.gram = centred(lane.gram, lane.weight, lane.u_sum, lane.u_sum);
  if (with_cross) moments.cross = centred(lane.cross, lane.weight, lane.t_sum, lane.u_sum);
  moments.input_mean = mean_of(lane.u_sum, lane.weight, centres.u);
  moments.target_mean = mean_of(lane.t_sum, lane.weight, centres.t);
  moments.rows = source.rows_in_all();
  moments.others = moments.rows - source.images() * source.output.count();
  if (moments.others > 0) {
    const auto others = static_cast<double>(moments.others);
    moments.input_others = mean_of(lane.u_others, others, centres.u);
    moments.target_others = mean_of(lane.t_others, others, centres.t);
  }
  if (source.background) add_background(layer, data, centres, moments);
  return moments;
}

}  // namespace vitq
