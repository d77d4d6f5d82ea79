// SPDX-License-Identifier: Apache-2.0
#include "vitq/labels.h"

#include <charconv>

#include "class_id.h"
#include "vitq/error.h"
#include "vitq/text_lines.h"

namespace vitq {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse_file(const fs::path& path, const std::string& message) {
  throw FileError(Fault::kMalformed, path.string(), message);
}

[[noreturn]] void refuse_line(const fs::path& path, std::size_t number,
                              const std::string& message) {
  refuse_file(path, "line " + std::to_string(number) + ": " + message);
}

LabelColumns columns_of(const std::string& line) {
  LabelColumns columns;
  std::size_t start = 0;
  for (std::size_t tab = line.find('\t'); tab != std::string::npos; tab = line.find('\t', start)) {
    columns.push_back(line.substr(start, tab - start));
    start = tab + 1;
  }
  columns.push_back(line.substr(start));
  return columns;
}

std::vector<LabelColumns> by_id(const fs::path& path, const std::vector<std::string>& lines,
                                std::size_t classes) {
  std::vector<LabelColumns> labels(classes);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    LabelColumns columns = columns_of(lines[i]);
    const std::optional<std::size_t> id = class_id(columns[0]);
    if (!id || *id >= classes || columns.size() < 2) {
      refuse_line(path, i + 1,
                  "expected a class id from 0 to " + std::to_string(classes - 1) +
                      " before the first tab, found '" + columns[0] + "'");
    }
    if (!labels[*id].empty()) refuse_line(path, i + 1, "the id " + columns[0] + " occurs twice");
    columns.erase(columns.begin());
    labels[*id] = std::move(columns);
  }
  return labels;
}

std::vector<LabelColumns> by_order(const fs::path& path, const std::vector<std::string>& lines,
                                   std::size_t classes) {
  std::vector<LabelColumns> labels;
  std::string blank;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find('\t') != std::string::npos) {
      refuse_line(path, i + 1, "has a tab, though the first line has none");
    }
    if (lines[i].empty())
      blank += (blank.empty() ? "; blank is line " : ", ") + std::to_string(i + 1);
    labels.push_back({lines[i]});
  }
  if (labels.size() == classes) return labels;
  refuse_file(path, std::to_string(labels.size()) + " lines from '" + lines.front() + "' to '" +
                        lines.back() + "', but the network has " + std::to_string(classes) +
                        " classes" + blank + "; expected one line for each class, or id<TAB>name");
}

}  // namespace

std::optional<std::size_t> class_id(std::string_view text) {
  constexpr std::size_t kMaxLabels = 1'000'000;
  constexpr std::size_t kMaxDigits = 7;
  std::size_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || text.size() > kMaxDigits || id >= kMaxLabels) return std::nullopt;
  return id;
}

std::vector<LabelColumns> read_label_columns(const fs::path& path, std::int64_t classes) {
  const std::vector<std::string> lines = read_lines(path);
  if (lines.empty()) refuse_file(path, "is empty; expected names of classes");
  const bool ids = lines.front().find('\t') != std::string::npos;
  return (ids ? by_id : by_order)(path, lines, static_cast<std::size_t>(classes));
}

std::vector<std::string> read_labels(const fs::path& path, std::int64_t classes) {
  std::vector<std::string> names;
  for (const LabelColumns& columns : read_label_columns(path, classes)) {
    names.push_back(columns.empty() ? "" : columns.back());
  }
  return names;
}

}  // namespace vitq
