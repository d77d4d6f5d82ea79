// SPDX-License-Identifier: Apache-2.0
#include "layer/all_rows.h"

#include <algorithm>
#include <cstddef>

#include "base/matmul.h"
#include "base/parallel.h"
#include "layer/image_sampling.h"
#include "layer/symmetric.h"

namespace vitq {
namespace {

void append(Matrix& all, const Matrix& more) {
  all.cols = more.cols;
  all.rows += more.rows;
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

// Sums up inputs and what their codes stand for, column by column.
struct ColumnSums {
  std::vector<double> float_input, coded_input;
  std::int64_t rows = 0;

  explicit ColumnSums(std::size_t columns) : float_input(columns, 0.0), coded_input(columns, 0.0) {}

  void add(const Matrix& x, const Matrix& coded) {
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::size_t c = 0; c < float_input.size(); ++c) {
        float_input[c] += static_cast<double>(x.row(r)[c]);
        coded_input[c] += static_cast<double>(coded.row(r)[c]);
      }
    }
    rows += x.rows;
  }
  void add(const ColumnSums& other) {
    for (std::size_t c = 0; c < float_input.size(); ++c) {
      float_input[c] += other.float_input[c];
      coded_input[c] += other.coded_input[c];
    }
    rows += other.rows;
  }
};

// Gives the means as a matrix of one row.
Matrix mean_of(const std::vector<double>& sums, std::int64_t rows) {
  Matrix mean(1, static_cast<std::int64_t>(sums.size()));
  std::ranges::transform(sums, mean.values.begin(), [rows](double sum) {
    return static_cast<float>(sum / static_cast<double>(rows));
  });
  return mean;
}

// Counts the rows that all_rows gives for all images together.
std::int64_t count_all_rows(const LayerSource& source) {
  std::int64_t rows = source.rows_in_all();
  if (!source.background) return rows;
  for (std::int64_t image = 0; image < source.images(); ++image) {
    rows += source.background(image).rows;
  }
  return rows;
}

}  // namespace

Matrix all_rows(const LayerSource& source, std::int64_t image) {
  Matrix all = source.inputs(image);
  if (source.background) append(all, source.background(image));
  return all;
}

WholeImageSample whole_image_sample(const LayerDraft& layer, const LayerData& data,
                                    std::int64_t tokens) {
  const LayerSource& source = data.source();
  const std::int64_t images = source.images();
  std::vector<Matrix> kept(static_cast<std::size_t>(images));
  std::vector<float> largest(kept.size());
  const std::int64_t wanted = images_for(tokens, count_all_rows(source), images);
  parallel_for(data.threads(), images, [&](std::int64_t image) {
    Matrix all = all_rows(source, image);
    largest[static_cast<std::size_t>(image)] = largest_magnitude(all.values);
    if (in_sample(image, images, wanted)) kept[static_cast<std::size_t>(image)] = std::move(all);
  });
  WholeImageSample sample;
  for (std::size_t image = 0; image < kept.size(); ++image) {
    if (kept[image].rows > 0) append(sample.rows.x, kept[image]);
    sample.rows.image.resize(static_cast<std::size_t>(sample.rows.x.rows),
                             static_cast<std::int32_t>(image));
  }
  sample.rows.weight.assign(sample.rows.image.size(), 1.0F);
  sample.rows.target = float_outputs(layer, sample.rows.x);
  sample.input_max = *std::ranges::max_element(largest);
  return sample;
}

Histogram input_histogram(const LayerData& data) {
  std::vector<Histogram> lanes(kLanes);
  for_lanes(data.threads(), data.source().images(), [&](std::int64_t lane, std::int64_t image) {
    lanes[static_cast<std::size_t>(lane)].add(all_rows(data.source(), image).values);
  });
  Histogram sum;
  for (const Histogram& lane : lanes) sum.add(lane);
  return sum;
}

std::vector<float> corrected_bias(const LayerDraft& layer, const LayerData& data) {
  std::vector<ColumnSums> lanes(kLanes, ColumnSums(static_cast<std::size_t>(layer.weight.cols)));
  for_lanes(data.threads(), data.source().images(), [&](std::int64_t lane, std::int64_t image) {
    const Matrix x = all_rows(data.source(), image);
    const RowSpan output = data.source().output;
    lanes[static_cast<std::size_t>(lane)].add(x, dequantized_inputs(layer, x, output));
  });
  ColumnSums sums = lanes[0];
  for (std::size_t lane = 1; lane < lanes.size(); ++lane) sums.add(lanes[lane]);
  std::vector<float> bias = float_outputs(layer, mean_of(sums.float_input, sums.rows)).values;
  const Matrix got = matmul_nt(mean_of(sums.coded_input, sums.rows), dequantized_weights(layer));
  for (std::size_t o = 0; o < bias.size(); ++o) bias[o] -= got.values[o];
  return bias;
}

}  // namespace vitq
