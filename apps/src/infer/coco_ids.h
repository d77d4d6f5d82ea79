// SPDX-License-Identifier: Apache-2.0
// COCO's results call images and classes by number.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vitq/coco_classes.h"

namespace vitq::apps {

class CocoIds {
 public:
  // An image's id is its file's name, which has to be a number; a class's is its own.
  CocoIds() = default;
  // The ids are those of an annotations file. Throws as read_coco_truth() and match_categories().
  CocoIds(const std::filesystem::path& annotations, const std::vector<std::string>& labels,
          std::int64_t classes, bool ignore_unmatched);

  // Throws UsageError, saying what to do, if the image has none.
  std::int64_t image(const std::string& path) const;
  // Answers nothing for a class that is no category.
  std::optional<std::int64_t> category(std::int64_t class_id) const;
  // Throws UsageError for an image without an id, and for two with the same.
  void require(const std::vector<std::string>& images) const;

 private:
  std::filesystem::path annotations_;             // empty: there are none
  std::multimap<std::string, CocoImage> images_;  // by the last part of their names
  CategoryMatch match_;
};

}  // namespace vitq::apps
