// SPDX-License-Identifier: Apache-2.0
#include "vitq/coco_classes.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

#include "vitq/error.h"

namespace vitq {

namespace {

char plain(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

// V. I. Levenshtein's distance, row by row.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (plain(a[i]) == plain(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

using IdSet = std::set<std::int64_t>;

IdSet with_objects(const CocoTruth& truth) {
  IdSet ids;
  for (const CocoObject& object : truth.objects) ids.insert(object.category);
  return ids;
}

// A tool may write its project's name as a category that nothing is in.
void take(const CocoCategory& category, std::int64_t class_id, const IdSet& used,
          CategoryMatch& match) {
  const auto [place, fresh] = match.category_of.emplace(class_id, category.id);
  if (fresh || !used.contains(category.id)) return;
  if (used.contains(place->second)) {
    throw UnsupportedError("the annotations' categories " + std::to_string(place->second) +
                           " and " + std::to_string(category.id) + " are both named '" +
                           category.name +
                           "', and both have objects; no class can tell them apart");
  }
  place->second = category.id;
}

std::string text_of(const std::vector<CocoCategory>& unmatched,
                    const std::vector<std::string>& labels) {
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, unmatched.size()); ++i) {
    text += (i == 0 ? "'" : ", '") + unmatched[i].name + "'";
    text += labels.empty() ? " (id " + std::to_string(unmatched[i].id) + ")"
                           : " (nearest class: '" + nearest(unmatched[i].name, labels) + "')";
  }
  return unmatched.size() <= kShown ? text : text + ", ...";
}

}  // namespace

CategoryMatch match_categories(const std::vector<std::string>& labels, std::int64_t classes,
                               const CocoTruth& truth) {
  CategoryMatch match;
  const IdSet used = with_objects(truth);
  for (const CocoCategory& category : truth.categories) {
    std::int64_t id = category.id;
    if (!labels.empty()) {
      const auto label = std::find(labels.begin(), labels.end(), category.name);
      id = label == labels.end() ? classes : label - labels.begin();
    }
    if (id >= 0 && id < classes) {
      take(category, id, used, match);
    } else {
      match.unmatched.push_back(category);
    }
  }
  match.unmatched_text = text_of(match.unmatched, labels);
  if (!match.category_of.empty()) return match;
  throw UnsupportedError("none of the model's classes is a category of the annotations: " +
                         match.unmatched_text);
}

void require_matched(const CategoryMatch& match, bool ignore_unmatched) {
  if (match.unmatched.empty() || ignore_unmatched) return;
  throw UnsupportedError(std::to_string(match.unmatched.size()) +
                         " of the annotations' categories are no class of the model: " +
                         match.unmatched_text + "; --ignore-unmatched leaves them out");
}

CocoTruth without(const CocoTruth& truth, const std::vector<CocoCategory>& categories) {
  IdSet gone;
  for (const CocoCategory& category : categories) gone.insert(category.id);
  CocoTruth rest = truth;
  std::erase_if(rest.categories, [&](const CocoCategory& c) { return gone.contains(c.id); });
  std::erase_if(rest.objects, [&](const CocoObject& o) { return gone.contains(o.category); });
  return rest;
}

std::string nearest(const std::string& name, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = std::string::npos;
  for (const std::string& candidate : names) {
    const std::size_t found = distance(name, candidate);
    if (found >= least) continue;
    least = found;
    best = candidate;
  }
  return best;
}

}  // namespace vitq
