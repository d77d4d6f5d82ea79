// SPDX-License-Identifier: Apache-2.0
#include "bits/scores/list.h"

#include "base/text.h"
#include "vitq/error.h"

namespace vitq {
namespace {

struct ScoreEntry {
  std::string_view name;
  std::unique_ptr<Score> (*make)(const Judge& judge);
};

constexpr ScoreEntry kScores[] = {
    {"measured", make_measured},
    {"nuclear-norm", make_nuclear_norm},
    {"nuclear-norm-relative", make_nuclear_norm_relative},
};

}  // namespace

std::unique_ptr<Score> make_score(std::string_view name, const Judge& judge) {
  for (const ScoreEntry& entry : kScores) {
    if (entry.name == name) return entry.make(judge);
  }
  throw UnsupportedError(text_of("there is no score '", name, "'"));
}

std::vector<std::string_view> score_names() {
  std::vector<std::string_view> names;
  for (const ScoreEntry& entry : kScores) names.push_back(entry.name);
  return names;
}

}  // namespace vitq
