// SPDX-License-Identifier: Apache-2.0
#include "vitq/coco_metrics.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include "coco_match.h"

namespace vitq {

namespace {

constexpr std::size_t kRecalls = 101;  // 0.00, 0.01, ..., 1.00
constexpr double kSmall = 32.0 * 32.0;
constexpr double kLarge = 96.0 * 96.0;
constexpr double kHuge = 1e5 * 1e5;
constexpr std::array<AreaRange, 4> kAreas = {
    {{0.0, kHuge}, {0.0, kSmall}, {kSmall, kLarge}, {kLarge, kHuge}}};
enum AreaIndex : std::size_t { kAll, kSmallObjects, kMediumObjects, kLargeObjects };

class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  Score value() const { return count_ == 0 ? Score() : Score(sum_ / static_cast<double>(count_)); }

 private:
  double sum_ = 0.0;
  std::size_t count_ = 0;
};

// A cell has what is of one category in one image.
struct Cell {
  std::vector<const CocoObject*> objects;
  std::vector<const CocoResult*> results;
};
using Cells = std::map<std::int64_t, Cell>;  // by image

// These are all detections of one category by falling score, and how many objects there are to
// find.
struct CategoryRanking {
  std::vector<CocoMatch> matches;
  std::size_t objects = 0;
};

CategoryRanking rank(const std::vector<CocoMatcher>& images, const AreaRange& range) {
  CategoryRanking ranking;
  for (const CocoMatcher& image : images) {
    ranking.objects += image.countable(range);
    const std::vector<CocoMatch> matches = image.match(range);
    ranking.matches.insert(ranking.matches.end(), matches.begin(), matches.end());
  }
  std::stable_sort(ranking.matches.begin(), ranking.matches.end(),
                   [](const CocoMatch& a, const CocoMatch& b) { return a.score > b.score; });
  return ranking;
}

// This is recall and precision of the best 1, 2, ... detections.
struct Curve {
  std::vector<double> recall;
  std::vector<double> precision;
};

// The curve is that of one overlap, with the `max` best detections of each image.
Curve curve_of(const CategoryRanking& ranking, std::size_t overlap, std::size_t max) {
  Curve curve;
  double right = 0.0;
  double wrong = 0.0;
  for (const CocoMatch& match : ranking.matches) {
    if (match.rank >= max) continue;
    if (!match.ignored[overlap]) (match.found[overlap] ? right : wrong) += 1.0;
    curve.recall.push_back(right / static_cast<double>(ranking.objects));
    curve.precision.push_back(right / (wrong + right + std::numeric_limits<double>::epsilon()));
  }
  return curve;
}

double final_recall(const Curve& curve) {
  return curve.recall.empty() ? 0.0 : curve.recall.back();
}

// Answers the mean, over the 101 values of recall, of the best precision that has at least that
// recall.
double average_precision(Curve curve) {
  for (std::size_t i = curve.precision.size(); i-- > 1;) {
    curve.precision[i - 1] = std::max(curve.precision[i - 1], curve.precision[i]);
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < kRecalls; ++i) {
    const double recall = i + 1 == kRecalls ? 1.0 : static_cast<double>(i) * 0.01;
    const auto first = std::lower_bound(curve.recall.begin(), curve.recall.end(), recall);
    if (first == curve.recall.end()) break;
    sum += curve.precision[static_cast<std::size_t>(first - curve.recall.begin())];
  }
  return sum / static_cast<double>(kRecalls);
}

// These are the figures before they are averaged over categories.
struct Means {
  Mean ap50, ap75, ar1, ar10;
  std::array<Mean, kAreas.size()> ap;
  std::array<Mean, kAreas.size()> ar;
};

Score add_category(const std::vector<CocoMatcher>& images, Means& means) {
  Mean own;
  for (std::size_t a = 0; a < kAreas.size(); ++a) {
    const CategoryRanking ranking = rank(images, kAreas[a]);
    if (ranking.objects == 0) continue;
    for (std::size_t t = 0; t < kOverlaps; ++t) {
      const Curve curve = curve_of(ranking, t, kMaxDetections);
      const double ap = average_precision(curve);
      means.ap[a].add(ap);
      means.ar[a].add(final_recall(curve));
      if (a != kAll) continue;
      own.add(ap);
      if (t == kOverlap50) means.ap50.add(ap);
      if (t == kOverlap75) means.ap75.add(ap);
      means.ar1.add(final_recall(curve_of(ranking, t, 1)));
      means.ar10.add(final_recall(curve_of(ranking, t, 10)));
    }
  }
  return own.value();
}

std::map<std::int64_t, Cells> by_category(const CocoTruth& truth,
                                          std::span<const CocoResult> results) {
  std::map<std::int64_t, Cells> categories;
  for (const CocoObject& object : truth.objects) {
    categories[object.category][object.image].objects.push_back(&object);
  }
  for (const CocoResult& result : results) {
    categories[result.category][result.image].results.push_back(&result);
  }
  return categories;
}

}  // namespace

std::vector<std::pair<std::string, Score>> figures(const CocoMetrics& m) {
  return {{"AP", m.ap},
          {"AP50", m.ap50},
          {"AP75", m.ap75},
          {"AP_small", m.ap_small},
          {"AP_medium", m.ap_medium},
          {"AP_large", m.ap_large},
          {"AR1", m.ar1},
          {"AR10", m.ar10},
          {"AR100", m.ar100},
          {"AR_small", m.ar_small},
          {"AR_medium", m.ar_medium},
          {"AR_large", m.ar_large}};
}

CocoMetrics coco_metrics(const CocoTruth& truth, std::span<const CocoResult> results) {
  std::map<std::int64_t, Cells> categories = by_category(truth, results);
  Means means;
  CocoMetrics metrics;
  for (const CocoCategory& category : truth.categories) {
    const Cells& cells = categories[category.id];
    std::vector<CocoMatcher> images;
    for (const auto& [id, cell] : cells) images.emplace_back(cell.objects, cell.results);
    metrics.category_ap.push_back(add_category(images, means));
  }
  metrics.ap = means.ap[kAll].value();
  metrics.ap50 = means.ap50.value();
  metrics.ap75 = means.ap75.value();
  metrics.ap_small = means.ap[kSmallObjects].value();
  metrics.ap_medium = means.ap[kMediumObjects].value();
  metrics.ap_large = means.ap[kLargeObjects].value();
  metrics.ar1 = means.ar1.value();
  metrics.ar10 = means.ar10.value();
  metrics.ar100 = means.ar[kAll].value();
  metrics.ar_small = means.ar[kSmallObjects].value();
  metrics.ar_medium = means.ar[kMediumObjects].value();
  metrics.ar_large = means.ar[kLargeObjects].value();
  return metrics;
}

}  // namespace vitq
