// SPDX-License-Identifier: Apache-2.0
// This decides as pycocotools does which detections find which objects of one category in one
// image.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <span>
#include <vector>

#include "vitq/coco.h"

namespace vitq {

// A box counts as found from these overlaps (intersection over union) on: 0.50, 0.55, ..., 0.95.
constexpr std::size_t kOverlaps = 10;
constexpr std::size_t kOverlap50 = 0;
constexpr std::size_t kOverlap75 = 5;

// This is how many detections of one category count in one image. Those of lower scores do not.
constexpr std::size_t kMaxDetections = 100;

// Both ends, in square pixels, are included.
struct AreaRange {
  double min;
  double max;
};

// This is one detection at each of the overlaps. Ignored ones count neither as right nor as wrong,
// whether they found something or not.
struct CocoMatch {
  double score = 0.0;
  std::size_t rank = 0;  // in its image and category, from 0
  std::bitset<kOverlaps> found;
  std::bitset<kOverlaps> ignored;
};

// Answers the intersection of two boxes over their union, or where the object is a crowd, over the
// detection.
double overlap(const CocoBox& detection, const CocoBox& object, bool crowd);

class CocoMatcher {
 public:
  // The objects and detections are those of one category in one image, in the order of their files.
  // Both must outlive this.
  CocoMatcher(std::span<const CocoObject* const> objects,
              std::span<const CocoResult* const> results);

  // Answers how many objects within the range can be found. Crowds are left out.
  std::size_t countable(const AreaRange& range) const;

  // Detections choose by falling score, equal ones in the order of their file. Each takes the
  // object not yet taken that it overlaps most, and objects that count before all others. Crowds
  // can be taken many times.
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

}  // namespace vitq
