// SPDX-License-Identifier: Apache-2.0
#include "vitq/compare_features.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <thread>

#include "batches.h"
#include "energies.h"
#include "vitq/error.h"
#include "vitq/gemm.h"

namespace vitq {

namespace {

constexpr double kTemperature = 0.07;  // eval_knn.py, --temperature

std::size_t feature_count(const Model& model) {
  if (model.task() != Task::kFeatures) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' with a head gives answers, not features");
  }
  const Graph& graph = model.graph();
  return static_cast<std::size_t>(graph[graph.outputs()[0].node].shape[-1]);
}

// Takes in the first rows of a batch: as many as it has images.
void append(FeatureRows& rows, const Tensor& features, std::span<const LabelledImage> images) {
  const std::span<const float> values = features.as<float>().first(images.size() * rows.width);
  rows.values.insert(rows.values.end(), values.begin(), values.end());
  for (const LabelledImage& image : images) rows.labels.push_back(image.label);
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

// Rows of length 1; those of zeros stay as they are.
std::vector<float> unit_rows(const FeatureRows& rows) {
  std::vector<float> unit;
  unit.reserve(rows.values.size());
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const double length = std::sqrt(dot(rows.row(i), rows.row(i)));
    const double factor = length > 0.0 ? 1.0 / length : 0.0;
    for (const float v : rows.row(i)) {
      unit.push_back(static_cast<float>(factor * static_cast<double>(v)));
    }
  }
  return unit;
}

// Calls work(i) for every i below `count`.
template <typename Work>
void share_out(std::size_t count, int threads, const Work& work) {
  const auto stride = static_cast<std::size_t>(std::max(threads, 1));
  const auto part = [&](std::size_t first) {
    for (std::size_t i = first; i < count; i += stride) work(i);
  };
  std::vector<std::jthread> helpers;
  for (std::size_t t = 1; t < std::min(stride, count); ++t) helpers.emplace_back(part, t);
  part(0);
}

// Picks k of the others, given the cosines of row `own` with all.
std::vector<Neighbour> nearest(std::span<const float> cosines, std::size_t own, std::size_t k) {
  std::vector<Neighbour> others;
  others.reserve(cosines.size());
  for (std::size_t j = 0; j < cosines.size(); ++j) {
    if (j != own) others.push_back({j, static_cast<double>(cosines[j])});
  }
  const auto end = others.begin() + static_cast<std::ptrdiff_t>(k);
  std::partial_sort(others.begin(), end, others.end(), [](const Neighbour& a, const Neighbour& b) {
    return a.cosine != b.cosine ? a.cosine > b.cosine : a.row < b.row;
  });
  return {others.begin(), end};
}

}  // namespace

FeatureRows features_of(const Model& model, std::span<const LabelledImage> images,
                        const EvaluateOptions& options) {
  FeatureRows rows = {.width = feature_count(model), .values = {}, .labels = {}};
  const Model* const models[] = {&model};
  const std::vector<double> seconds = answer_in_batches(
      images, options, models,
      [&rows](const BatchAnswers& batch) { append(rows, batch.outputs[0][0], batch.images); });
  rows.seconds = seconds[0];
  return rows;
}

FeaturePair features_of(const Model& model, const Model& reference,
                        std::span<const LabelledImage> images, const EvaluateOptions& options) {
  FeaturePair pair;
  pair.model.width = feature_count(model);
  pair.reference.width = feature_count(reference);
  if (pair.model.width != pair.reference.width) {
    throw UnsupportedError("the models cannot be compared: one gives " +
                           std::to_string(pair.model.width) + " features, the other " +
                           std::to_string(pair.reference.width));
  }
  const Model* const models[] = {&model, &reference};
  const std::vector<double> seconds =
      answer_in_batches(images, options, models, [&pair](const BatchAnswers& batch) {
        append(pair.model, batch.outputs[0][0], batch.images);
        append(pair.reference, batch.outputs[1][0], batch.images);
      });
  pair.model.seconds = seconds[0];
  pair.reference.seconds = seconds[1];
  return pair;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  const double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
  return lengths > 0.0 ? dot(a, b) / lengths : 0.0;
}

std::vector<std::vector<Neighbour>> nearest_neighbours(const FeatureRows& rows, std::size_t k,
                                                       int threads) {
  constexpr std::size_t kBlock = 64;  // rows whose cosines are computed at a time
  const std::size_t count = rows.count();
  std::vector<std::vector<Neighbour>> found(count);
  if (count < 2) return found;
  k = std::min(k, count - 1);
  const std::vector<float> unit = unit_rows(rows);
  share_out((count + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    const std::size_t first = block * kBlock;
    const std::size_t height = std::min(kBlock, count - first);
    std::vector<float> cosines(height * count);
    gemm({.m = static_cast<std::int64_t>(height),
          .n = static_cast<std::int64_t>(count),
          .k = static_cast<std::int64_t>(rows.width),
          .transpose_b = true},
         &unit[first * rows.width], unit.data(), cosines.data());
    for (std::size_t i = 0; i < height; ++i) {
      found[first + i] = nearest(std::span(cosines).subspan(i * count, count), first + i, k);
    }
  });
  return found;
}

std::int64_t voted_class(std::span<const Neighbour> neighbours,
                         std::span<const std::int64_t> labels) {
  std::map<std::int64_t, double> votes;
  for (const Neighbour& neighbour : neighbours) {
    votes[labels[neighbour.row]] += std::exp(neighbour.cosine / kTemperature);
  }
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == votes.end() ? kNoLabel : most->first;
}

std::int64_t right_by_neighbours(const FeatureRows& rows, std::size_t k, int threads) {
  const std::vector<std::vector<Neighbour>> nearest = nearest_neighbours(rows, k, threads);
  std::int64_t right = 0;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    const bool known = rows.labels[i] != kNoLabel;
    if (known && voted_class(nearest[i], rows.labels) == rows.labels[i]) ++right;
  }
  return right;
}

FeatureComparison compare_features(const FeatureRows& reference, const FeatureRows& rows,
                                   int threads) {
  FeatureComparison sums;
  add_energies(reference.values, rows.values, sums);
  for (std::size_t i = 0; i < rows.count(); ++i) {
    sums.cosines.push_back(cosine(reference.row(i), rows.row(i)));
  }
  if (rows.count() < 2) return sums;
  const auto wanted = nearest_neighbours(reference, 1, threads);
  const auto found = nearest_neighbours(rows, 1, threads);
  sums.same_neighbour = 0;
  for (std::size_t i = 0; i < rows.count(); ++i) {
    if (wanted[i][0].row == found[i][0].row) ++*sums.same_neighbour;
  }
  return sums;
}

}  // namespace vitq
