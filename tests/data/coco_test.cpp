// SPDX-License-Identifier: Apache-2.0
// The figures of detections made of COCO's annotations against those of pycocotools, which
// tests/golden/make_coco.py has recorded for the same detections.
#include <cmath>

#include "support/coco_figures.h"
#include "support/data_folder.h"
#include "vitq/coco_metrics.h"

using namespace vitq;
using vitq::test::data_folder;

namespace {

// As `uniform` of make_coco.py.
class Uniform {
 public:
  double operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 33U) / 2147483648.0;
  }

 private:
  std::uint64_t state_ = 2017;
};

// As `jittered` of make_coco.py.
std::vector<CocoResult> jittered(const CocoTruth& truth) {
  Uniform uniform;
  const auto kinds = static_cast<double>(truth.categories.size());
  std::vector<CocoResult> results;
  for (const CocoObject& object : truth.objects) {
    const auto& [x, y, width, height] = object.box;
    for (int i = 0; i < 3; ++i) {
      const double left = x + (uniform() - 0.5) * 0.5 * width;
      const double top = y + (uniform() - 0.5) * 0.5 * height;
      const double wide = width * (0.75 + 0.5 * uniform());
      const double high = height * (0.75 + 0.5 * uniform());
      const bool same = uniform() < 0.8;
      const auto other = static_cast<std::size_t>(uniform() * kinds);
      const double score = std::floor(uniform() * 50.0) / 50.0;
      const std::int64_t category = same ? object.category : truth.categories[other].id;
      results.push_back({object.image, category, {left, top, wide, high}, score});
    }
  }
  return results;
}

}  // namespace

TEST_CASE("the figures of detections on COCO's images are those of pycocotools") {
  const auto coco = data_folder("coco");
  if (!coco) return;
  const CocoTruth truth = read_coco_truth(*coco / "instances_val2017.json");
  const auto expected = std::filesystem::path(VITQ_TEST_FILES) / "golden/coco/val2017.json";
  test::check_figures(coco_metrics(truth, jittered(truth)), Json::read(expected));
}
