// SPDX-License-Identifier: Apache-2.0
// Which category of COCO's annotations each class of a model is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vitq/coco.h"

namespace vitq {

struct CategoryMatch {
  std::map<std::int64_t, std::int64_t> category_of;  // by class id
  std::vector<CocoCategory> unmatched;               // that no class is
  std::string unmatched_text;                        // names them, each with the nearest class
};

// A category is the class of the same name, or where the model has no names, of the same id below
// `classes`. Of categories of one name, the one counts that has objects. Throws UnsupportedError if
// several have, and if no category is a class.
CategoryMatch match_categories(const std::vector<std::string>& labels, std::int64_t classes,
                               const CocoTruth& truth);

// Throws UnsupportedError if a category is no class, unless those are to be ignored.
void require_matched(const CategoryMatch& match, bool ignore_unmatched);

// Answers the annotations without these categories and their objects.
CocoTruth without(const CocoTruth& truth, const std::vector<CocoCategory>& categories);

// Answers the one of `names` that takes the fewest insertions, deletions and replacements, capitals
// apart; empty if there are no names.
std::string nearest(const std::string& name, const std::vector<std::string>& names);

}  // namespace vitq
