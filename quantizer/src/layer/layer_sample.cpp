// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <random>

#include "base/matmul.h"
#include "base/parallel.h"
#include "layer/statistics.h"

namespace vitq {
namespace {

// Picks `count` rows of an image that are no output tokens, in random order.
std::vector<std::int64_t> pick(const LayerSource& source, std::int64_t image, std::int64_t count) {
  std::vector<std::int64_t> others;
  for (std::int64_t r = 0; r < source.rows[at(image)]; ++r) {
    if (!source.output.has(r)) others.push_back(r);
  }
  std::mt19937_64 random(static_cast<std::uint64_t>(image) * 0x9E3779B97F4A7C15U + 1);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto room = static_cast<std::uint64_t>(others.size()) - static_cast<std::uint64_t>(i);
    std::swap(others[at(i)], others[at(i) + random() % room]);
  }
  others.resize(at(count));
  return others;
}

// Tells how many rows of each kind are taken from which images.
struct Shares {
  std::int64_t output_images = 0;    // the first ones
  std::int64_t output_tokens = 0;    // of each of them
  std::vector<std::int64_t> others;  // of each image, in proportion to how many it has

  std::int64_t all_output() const { return output_images * output_tokens; }
};

Shares shares_of(const LayerSource& source, std::int64_t count) {
  Shares shares;
  shares.output_tokens = source.output.count();
  const std::int64_t all_others = source.rows_in_all() - source.images() * shares.output_tokens;
  const std::int64_t room = all_others > 0 ? count / 2 : count;
  shares.output_images = source.images();
  if (shares.output_tokens > 0) {
    shares.output_images =
        std::clamp<std::int64_t>(room / shares.output_tokens, 1, source.images());
  }
  const std::int64_t left = std::max<std::int64_t>(count - shares.all_output(), 0);
  for (const std::int64_t rows : source.rows) {
    const std::int64_t others = rows - shares.output_tokens;
    shares.others.push_back(
        others > 0 ? std::clamp<std::int64_t>(left * others / all_others, 1, others) : 0);
  }
  return shares;
}

// Gives weights of mean 1 with which sums over the kept rows stand for sums over all rows.
std::vector<float> weights_of(const LayerSource& source, std::int64_t output_tokens,
                              std::int64_t others) {
  const auto images = static_cast<double>(source.images());
  const auto all_output = static_cast<double>(source.output.count()) * images;
  const auto all_others = static_cast<double>(source.rows_in_all()) - all_output;
  const double of_output = static_cast<double>(source.output_weight) * all_output /
                           static_cast<double>(std::max<std::int64_t>(output_tokens, 1));
  const double of_others = all_others / static_cast<double>(std::max<std::int64_t>(others, 1));
  const double mean =
      (of_output * static_cast<double>(output_tokens) + of_others * static_cast<double>(others)) /
      static_cast<double>(output_tokens + others);
  std::vector<float> weights(at(output_tokens + others), static_cast<float>(of_others / mean));
  std::fill_n(weights.begin(), output_tokens, static_cast<float>(of_output / mean));
  return weights;
}

// Calls visit(kept, row) for each row of the image that is kept, output tokens first.
template <typename Visit>
void visit_kept(const LayerSource& source, const Shares& shares, std::int64_t image,
                const Visit& visit) {
  if (image < shares.output_images) {
    for (std::int64_t s = 0; s < shares.output_tokens; ++s) {
      visit(image * shares.output_tokens + s, source.output.begin + s);
    }
  }
  const auto before = shares.others.begin() + static_cast<std::ptrdiff_t>(image);
  std::int64_t kept = std::accumulate(shares.others.begin(), before, shares.all_output());
  for (const std::int64_t row : pick(source, image, *before)) visit(kept++, row);
}

void copy_row(std::span<const float> from, std::span<float> to) {
  std::copy(from.begin(), from.end(), to.begin());
}

}  // namespace

LayerSample choose_rows(const LayerSource& source, std::int64_t count, int threads) {
  const Shares shares = shares_of(source, count);
  LayerSample rows;
  rows.output_tokens = shares.all_output();
  const std::int64_t others =
      std::accumulate(shares.others.begin(), shares.others.end(), std::int64_t{0});
  rows.x = Matrix(rows.output_tokens + others, source.inputs(0).cols);
  rows.weight = weights_of(source, rows.output_tokens, others);
  rows.image.resize(rows.weight.size());
  rows.place.resize(rows.weight.size());
  parallel_for(threads, source.images(), [&](std::int64_t image) {
    const Matrix x = source.inputs(image);
    visit_kept(source, shares, image, [&](std::int64_t kept, std::int64_t row) {
      copy_row(x.row(row), rows.x.row(kept));
      rows.image[at(kept)] = static_cast<std::int32_t>(image);
      rows.place[at(kept)] = static_cast<std::int32_t>(row);
    });
  });
  return rows;
}

void fill_targets(const LayerDraft& layer, const LayerSource& source, LayerSample& rows) {
  if (layer.target == Target::kOwnInputs) {
    rows.target = float_outputs(layer, rows.x);
    return;
  }
  rows.target = Matrix(rows.x.rows, layer.weight.rows);
  std::vector<std::vector<std::int64_t>> of_image(at(source.images()));
  for (std::int64_t r = 0; r < rows.x.rows; ++r) of_image[at(rows.image[at(r)])].push_back(r);
  for (std::int64_t image = 0; image < source.images(); ++image) {
    const Matrix targets = source.targets(image);
    for (const std::int64_t r : of_image[at(image)]) {
      copy_row(targets.row(rows.place[at(r)]), rows.target.row(r));
    }
  }
}

LayerSample thinned(const LayerSample& rows, std::int64_t count) {
  const std::int64_t others = rows.x.rows - rows.output_tokens;
  const std::int64_t room = std::max<std::int64_t>(count - rows.output_tokens, 1);
  const std::int64_t step = std::max<std::int64_t>((others + room - 1) / room, 1);
  std::vector<std::int64_t> kept(at(rows.output_tokens));
  std::iota(kept.begin(), kept.end(), std::int64_t{0});
  for (std::int64_t r = rows.output_tokens; r < rows.x.rows; r += step) kept.push_back(r);
  LayerSample result;
  result.output_tokens = rows.output_tokens;
  result.x = Matrix(static_cast<std::int64_t>(kept.size()), rows.x.cols);
  result.target = Matrix(result.x.rows, rows.target.cols);
  double sum = 0.0;
  for (std::int64_t i = 0; i < result.x.rows; ++i) {
    const std::int64_t r = kept[at(i)];
    copy_row(rows.x.row(r), result.x.row(i));
    copy_row(rows.target.row(r), result.target.row(i));
    result.weight.push_back(rows.weight[at(r)] *
                            (i < rows.output_tokens ? 1.0F : static_cast<float>(step)));
    result.image.push_back(rows.image[at(r)]);
    result.place.push_back(rows.place[at(r)]);
    sum += static_cast<double>(result.weight.back());
  }
  const auto scale = static_cast<float>(static_cast<double>(result.x.rows) / sum);
  for (float& weight : result.weight) weight *= scale;
  return result;
}

}  // namespace vitq
