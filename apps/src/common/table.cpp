// SPDX-License-Identifier: Apache-2.0
#include "common/table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace vitq::apps {

namespace {

// Terminals show one column per character, not per byte of UTF-8.
std::size_t columns(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

std::string triple(const std::array<float, 3>& values) {
  char text[96];
  std::snprintf(text, sizeof text, "%.4g %.4g %.4g", static_cast<double>(values[0]),
                static_cast<double>(values[1]), static_cast<double>(values[2]));
  return text;
}

std::string size_text(int width, int height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

}  // namespace

Table::Table(std::vector<std::string> header, std::string right) : right_(std::move(right)) {
  rows_.push_back(std::move(header));
}

void Table::add(std::vector<std::string> row) {
  rows_.push_back(std::move(row));
}

std::string Table::str() const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - columns(row[i]), ' ');
      const bool right = i < right_.size() && right_[i] == 'r';
      line += (i == 0 ? "" : "  ") + (right ? space + row[i] : row[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string significant(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string with_prefix(double value) {
  constexpr std::array<const char*, 5> kPrefixes = {"", " k", " M", " G", " T"};
  std::size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000.0;
    ++prefix;
  }
  const int decimals = prefix == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fixed(value, decimals) + kPrefixes[prefix];
}

std::string byte_count(std::int64_t bytes) {
  const std::string number = with_prefix(static_cast<double>(bytes));
  return number + (bytes < 1000 ? " B" : "B");
}

namespace {

std::string filter_in_words(Filter filter) {
  switch (filter) {
    case Filter::kNearest: return ", nearest; ";
    case Filter::kBox: return ", box; ";
    case Filter::kBilinear: return ", bilinear; ";
    case Filter::kHamming: return ", hamming; ";
    case Filter::kBicubic: return ", bicubic; ";
    case Filter::kLanczos: return ", lanczos; ";
  }
  return "; ";
}

std::string resize_in_words(const Preprocess& preprocess) {
  using Resize = Preprocess::Resize;
  const std::string size = size_text(preprocess.width, preprocess.height);
  const std::string shorter = "shorter side to " + std::to_string(preprocess.height);
  switch (preprocess.resize) {
    case Resize::kNone: return "";
    case Resize::kExact: return "to " + size;
    case Resize::kShortestEdge: return shorter;
    case Resize::kInsideHuggingFace:
    case Resize::kInsideTimm: return "to the largest inside of " + size;
    case Resize::kAroundTimm: return "to the smallest around " + size;
    case Resize::kWithinFacebook:
    case Resize::kWithinHuggingFace:
    case Resize::kWithinYolos: break;
  }
  const bool whole_patches = preprocess.resize == Resize::kWithinYolos;
  return shorter + ", longer to at most " + std::to_string(preprocess.longest) +
         (whole_patches ? ", both to multiples of 16" : "");
}

}  // namespace

std::string in_words(const Preprocess& preprocess) {
  std::string text = resize_in_words(preprocess);
  if (!text.empty()) text += filter_in_words(preprocess.filter);
  if (preprocess.crop_width > 0) {
    text += "centre crop " + size_text(preprocess.crop_width, preprocess.crop_height) + "; ";
  }
  return text + "mean " + triple(preprocess.mean) + ", std " + triple(preprocess.std);
}

std::string in_words(const Json& config) {
  std::string text;
  for (const auto& [key, value] : config.members()) {
    const bool fraction = value.is_number() && !value.is_integer();
    text += (text.empty() ? "" : ", ") + key + " " +
            (fraction ? significant(value.number(), 6) : value.dump());
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char byte : text) quoted += byte == '"' ? std::string("\"\"") : std::string(1, byte);
  return quoted + '"';
}

}  // namespace vitq::apps
