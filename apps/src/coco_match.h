// SPDX-License-Identifier: Apache-2.0
// Which detections find which objects of one category in one image, as pycocotools decides it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <span>
#include <vector>

#include "coco.h"

namespace vitq::apps {

// Overlaps (intersection over union) from which a box counts as found: 0.50, 0.55, ..., 0.95.
constexpr std::size_t kOverlaps = 10;
constexpr std::size_t kOverlap50 = 0;
constexpr std::size_t kOverlap75 = 5;

// Detections of one category in one image; those of lower scores are never looked at.
constexpr std::size_t kMaxDetections = 100;

// Square pixels, both ends included.
struct AreaRange {
  double min;
  double max;
};

// One detection at each of the overlaps. Ignored ones, whether they found something or not, count
// neither as right nor as wrong.
struct CocoMatch {
  double score = 0.0;
  std::size_t rank = 0;  // in its image and category, from 0
  std::bitset<kOverlaps> found;
  std::bitset<kOverlaps> ignored;
};

// The intersection of two boxes over their union; where the object is a crowd, over the detection.
double overlap(const CocoBox& detection, const CocoBox& object, bool crowd);

class CocoMatcher {
 public:
  // The objects and detections of one category in one image, in the order of their files; both
  // must outlive this.
  CocoMatcher(std::span<const CocoObject* const> objects,
              std::span<const CocoResult* const> results);

  // How many objects within the range can be found, crowds left out.
  std::size_t countable(const AreaRange& range) const;

  // By falling score, equal ones in the order of their file: each detection takes the object that
  // it overlaps most of those not yet taken, those that count before all others. Crowds can be
  // taken many times.
  std::vector<CocoMatch> match(const AreaRange& range) const;

 private:
  struct Candidate {
    bool counts;
    bool taken;
  };
  void match_at(std::size_t threshold, const AreaRange& range,
                std::vector<CocoMatch>& matches) const;
  std::ptrdiff_t best(std::size_t detection, double min, bool counting,
                      std::span<const Candidate> candidates) const;

  std::span<const CocoObject* const> objects_;
  std::vector<const CocoResult*> results_;  // by falling score
  std::vector<double> overlaps_;            // [results][objects]
};

}  // namespace vitq::apps
