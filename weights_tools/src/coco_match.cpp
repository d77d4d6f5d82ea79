// SPDX-License-Identifier: Apache-2.0
#include "coco_match.h"

#include <algorithm>

namespace vitq {

namespace {

// They are those of numpy.linspace(0.5, 0.95, 10), to the last bit.
double min_overlap(std::size_t index) {
  constexpr double kStep = (0.95 - 0.5) / 9.0;
  return index + 1 == kOverlaps ? 0.95 : static_cast<double>(index) * kStep + 0.5;
}

double area(const CocoBox& box) {
  return box.width * box.height;
}

bool within(double area, const AreaRange& range) {
  return area >= range.min && area <= range.max;
}

bool counts(const CocoObject& object, const AreaRange& range) {
  return !object.crowd && within(object.area, range);
}

}  // namespace

double overlap(const CocoBox& detection, const CocoBox& object, bool crowd) {
  const double width = std::min(detection.x + detection.width, object.x + object.width) -
                       std::max(detection.x, object.x);
  const double height = std::min(detection.y + detection.height, object.y + object.height) -
                        std::max(detection.y, object.y);
  if (width <= 0.0 || height <= 0.0) return 0.0;
  const double shared = width * height;
  return shared / (crowd ? area(detection) : area(detection) + area(object) - shared);
}

CocoMatcher::CocoMatcher(std::span<const CocoObject* const> objects,
                         std::span<const CocoResult* const> results)
    : objects_(objects), results_(results.begin(), results.end()) {
  std::stable_sort(results_.begin(), results_.end(),
                   [](const CocoResult* a, const CocoResult* b) { return a->score > b->score; });
  results_.resize(std::min(results_.size(), kMaxDetections));
  for (const CocoResult* result : results_) {
    for (const CocoObject* object : objects_) {
      overlaps_.push_back(overlap(result->box, object->box, object->crowd));
    }
  }
}

std::size_t CocoMatcher::countable(const AreaRange& range) const {
  return static_cast<std::size_t>(
      std::count_if(objects_.begin(), objects_.end(),
                    [&range](const CocoObject* object) { return counts(*object, range); }));
}

std::vector<CocoMatch> CocoMatcher::match(const AreaRange& range) const {
  std::vector<CocoMatch> matches;
  for (const CocoResult* result : results_) {
    matches.push_back({.score = result->score, .rank = matches.size(), .found = {}, .ignored = {}});
  }
  for (std::size_t i = 0; i < kOverlaps; ++i) match_at(i, range, matches);
  return matches;
}

void CocoMatcher::match_at(std::size_t threshold, const AreaRange& range,
                           std::vector<CocoMatch>& matches) const {
  std::vector<Candidate> candidates;
  for (const CocoObject* object : objects_) candidates.push_back({counts(*object, range), false});
  const double min = min_overlap(threshold);
  for (std::size_t d = 0; d < results_.size(); ++d) {
    std::ptrdiff_t object = best(d, min, true, candidates);
    if (object < 0) object = best(d, min, false, candidates);
    if (object < 0) {
      matches[d].ignored[threshold] = !within(area(results_[d]->box), range);
      continue;
    }
    Candidate& candidate = candidates[static_cast<std::size_t>(object)];
    candidate.taken = true;
    matches[d].found.set(threshold);
    matches[d].ignored[threshold] = !candidate.counts;
  }
}

// Answers the last of equal overlaps, or -1 if there is none.
std::ptrdiff_t CocoMatcher::best(std::size_t detection, double min, bool counting,
                                 std::span<const Candidate> candidates) const {
  const double* overlaps = overlaps_.data() + detection * objects_.size();
  std::ptrdiff_t found = -1;
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    const bool free = !candidates[i].taken || objects_[i]->crowd;
    if (!free || candidates[i].counts != counting || overlaps[i] < min) continue;
    min = overlaps[i];
    found = static_cast<std::ptrdiff_t>(i);
  }
  return found;
}

}  // namespace vitq
