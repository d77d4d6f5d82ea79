// SPDX-License-Identifier: Apache-2.0
#include "vitq/evaluate.h"

#include "batches.h"
#include "vitq/compare_models.h"
#include "vitq/error.h"

namespace vitq {

namespace {

void count(Accuracy& accuracy, const Tensor& logits, std::span<const LabelledImage> images) {
  const std::span<const float> all = logits.as<float>();
  const auto classes = static_cast<std::size_t>(logits.shape()[-1]);
  accuracy.images += static_cast<std::int64_t>(images.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (images[i].label == kNoLabel) continue;
    const std::size_t rank = rank_of(all.subspan(i * classes, classes), images[i].label);
    if (rank == 0) ++accuracy.right;
    if (rank < 5) ++accuracy.right_of5;
  }
}

void compare(Comparison& comparison, const Tensor& reference, const Tensor& logits,
             std::span<const LabelledImage> images) {
  const auto classes = static_cast<std::size_t>(logits.shape()[-1]);
  for (std::size_t i = 0; i < images.size(); ++i) {
    comparison.add(reference.as<float>().subspan(i * classes, classes),
                   logits.as<float>().subspan(i * classes, classes), images[i].label);
  }
}

void require_same_classes(const Model& model, const Model& reference) {
  const std::int64_t classes = class_count(model);
  const std::int64_t expected = class_count(reference);
  if (classes == expected) return;
  throw UnsupportedError("the models cannot be compared: one knows " + std::to_string(classes) +
                         " classes, the other " + std::to_string(expected));
}

}  // namespace

std::int64_t class_count(const Model& model) {
  if (model.task() != Task::kClassification) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' does not classify images");
  }
  if (model.info().scores == Scores::kRaw) {
    throw UnsupportedError(
        "the model does not classify images: its outputs are values (regression)");
  }
  const Graph& graph = model.graph();
  return graph[graph.outputs()[0].node].shape[-1];
}

std::size_t rank_of(std::span<const float> scores, std::int64_t label) {
  const auto own = static_cast<std::size_t>(label);
  std::size_t rank = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    // Written so that what is not a number never makes an answer right.
    const bool behind = scores[i] < scores[own] || (scores[i] == scores[own] && i > own);
    if (i != own && !behind) ++rank;
  }
  return rank;
}

Accuracy evaluate(const Model& model, std::span<const LabelledImage> images,
                  const EvaluateOptions& options) {
  (void)class_count(model);  // throws
  Accuracy accuracy;
  const Model* const models[] = {&model};
  const std::vector<double> seconds =
      answer_in_batches(images, options, models, [&accuracy](const BatchAnswers& batch) {
        count(accuracy, batch.outputs[0][0], batch.images);
      });
  accuracy.seconds = seconds[0];
  return accuracy;
}

ModelComparison compare_models(const Model& model, const Model& reference,
                               std::span<const LabelledImage> images,
                               const EvaluateOptions& options) {
  require_same_classes(model, reference);
  ModelComparison pair;
  pair.comparison.scores = reference.info().scores;
  const Model* const models[] = {&model, &reference};
  const std::vector<double> seconds =
      answer_in_batches(images, options, models, [&pair](const BatchAnswers& batch) {
        const Tensor& logits = batch.outputs[0][0];
        const Tensor& expected = batch.outputs[1][0];
        count(pair.model, logits, batch.images);
        count(pair.reference, expected, batch.images);
        compare(pair.comparison, expected, logits, batch.images);
      });
  pair.model.seconds = seconds[0];
  pair.reference.seconds = seconds[1];
  return pair;
}

}  // namespace vitq
