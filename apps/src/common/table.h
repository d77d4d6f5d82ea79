// SPDX-License-Identifier: Apache-2.0
// This makes text for people: aligned tables, rounded numbers, and preprocessing in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vitq/json.h"
#include "vitq/preprocess.h"

namespace vitq::apps {

// Columns are as wide as their widest cell. Cells of columns in `right` are aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header, std::string right = "");
  void add(std::vector<std::string> row);
  std::string str() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::string right_;  // one character per column: 'r' or anything else
};

// "vit, deit, detr".
std::string listed(const std::vector<std::string>& names);
std::string fixed(double value, int decimals);
// "0.0123", "1.2e-05": without zeros at the end.
std::string significant(double value, int digits);
// "5.72 M", "1.25 G", "640".
std::string with_prefix(double value);
// "22.9 MB".
std::string byte_count(std::int64_t bytes);
// "shorter side to 256, bicubic; centre crop 224x224; mean ..., std ...".
std::string in_words(const Preprocess& preprocess);
// "dim 192, depth 12, heads 3": a configuration. Fractions are rounded to what a float holds.
std::string in_words(const Json& config);

// Answers the text as a field of a CSV line, quoted where needed.
std::string csv_field(const std::string& text);

}  // namespace vitq::apps
