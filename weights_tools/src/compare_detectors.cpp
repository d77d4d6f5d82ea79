// SPDX-License-Identifier: Apache-2.0
#include "vitq/compare_detectors.h"

#include <algorithm>
#include <cmath>

#include "batches.h"
#include "energies.h"
#include "vitq/compare_models.h"
#include "vitq/error.h"

namespace vitq {

namespace {

constexpr std::size_t kSides = 4;

// Intersection over union; 0 where both are empty.
double overlap(const Box& a, const Box& b) {
  const auto length = [](float begin, float end) {
    return std::max(static_cast<double>(end) - static_cast<double>(begin), 0.0);
  };
  const auto area = [&](const Box& box) { return length(box.x0, box.x1) * length(box.y0, box.y1); };
  const double common = length(std::max(a.x0, b.x0), std::min(a.x1, b.x1)) *
                        length(std::max(a.y0, b.y0), std::min(a.y1, b.y1));
  const double all = area(a) + area(b) - common;
  return all > 0.0 ? common / all : 0.0;
}

std::vector<Detection> objects_of(const DetectorAnswer& answer, const ModelInfo& info) {
  // Overlaps are the same in shares of the image as in pixels.
  return detections(answer.logits, answer.boxes, info, {1, 1}, DetectorComparison::kObject);
}

// Counts the objects that are among `others`, each of which is taken once.
std::int64_t count_found(std::span<const Detection> objects, std::vector<Detection> others) {
  std::int64_t found = 0;
  for (const Detection& object : objects) {
    const auto rate = [&](const Detection& other) {
      return other.id == object.id ? overlap(object.box, other.box) : -1.0;
    };
    const auto best = std::ranges::max_element(others, {}, rate);
    if (best == others.end() || rate(*best) < DetectorComparison::kOverlap) continue;
    others.erase(best);
    ++found;
  }
  return found;
}

struct Layout {
  std::int64_t classes, queries;
};

Layout layout_of(const Model& model) {
  if (model.task() != Task::kDetection) {
    throw UnsupportedError("a model of the family '" + model.info().family +
                           "' does not detect objects");
  }
  const Graph& graph = model.graph();
  const Shape& logits = graph[graph.outputs()[0].node].shape;
  return {logits[-1], logits[-2]};
}

void require_same(const char* what, std::int64_t model, std::int64_t reference) {
  if (model == reference) return;
  throw UnsupportedError("the models cannot be compared: one has " + std::to_string(model) + ' ' +
                         what + ", the other " + std::to_string(reference));
}

DetectorAnswer spans_of(const std::vector<Tensor>& outputs) {
  return {outputs[0].as<float>(), outputs[1].as<float>()};
}

}  // namespace

void DetectorComparison::add(const DetectorAnswer& reference, const DetectorAnswer& answer,
                             const ModelInfo& info) {
  const std::size_t count = reference.boxes.size() / kSides;
  const std::size_t classes = reference.logits.size() / count;
  double of_image = 0.0;
  for (std::size_t query = 0; query < count; ++query) {
    const auto expected = reference.logits.subspan(query * classes, classes);
    const auto logits = answer.logits.subspan(query * classes, classes);
    if (argmax(expected) == argmax(logits)) ++agreeing;
    of_image += vitq::divergence(expected, logits, info.scores);
  }
  add_energies(reference.logits, answer.logits, *this);
  for (std::size_t i = 0; i < reference.boxes.size(); ++i) {
    box_error +=
        std::abs(static_cast<double>(reference.boxes[i]) - static_cast<double>(answer.boxes[i]));
  }
  const std::vector<Detection> expected = objects_of(reference, info);
  const std::vector<Detection> detected = objects_of(answer, info);
  const std::int64_t again = count_found(expected, detected);
  ++images;
  queries += static_cast<std::int64_t>(count);
  divergence += of_image;
  divergences.push_back(of_image / static_cast<double>(count));
  objects += std::ssize(expected);
  found += again;
  further += std::ssize(detected) - again;
}

DetectorComparison compare_detectors(const Model& model, const Model& reference,
                                     std::span<const LabelledImage> images,
                                     const EvaluateOptions& options) {
  const Layout found = layout_of(model);
  const Layout expected = layout_of(reference);
  require_same("classes", found.classes, expected.classes);
  require_same("queries", found.queries, expected.queries);
  EvaluateOptions one_by_one = options;
  one_by_one.batch = 1;
  DetectorComparison sums;
  const Model* const models[] = {&model, &reference};
  const std::vector<double> seconds =
      answer_in_batches(images, one_by_one, models, [&](const BatchAnswers& batch) {
        sums.add(spans_of(batch.outputs[1]), spans_of(batch.outputs[0]), reference.info());
      });
  sums.seconds = seconds[0];
  sums.reference_seconds = seconds[1];
  return sums;
}

}  // namespace vitq
