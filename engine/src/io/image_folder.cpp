// SPDX-License-Identifier: Apache-2.0
#include "vitq/image_folder.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <deque>
#include <set>

#include "vitq/error.h"

namespace vitq {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kEndings = {".jpg",  ".jpeg", ".png",
                                                      ".webp", ".bmp",  ".gif"};

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char character) {
    return static_cast<char>(std::tolower(character));
  });
  return ending;
}

bool is_hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

std::vector<fs::path> sorted_entries(const fs::path& folder, std::error_code& error) {
  std::vector<fs::path> entries;
  fs::directory_iterator next(folder, error);
  for (; !error && next != fs::directory_iterator(); next.increment(error)) {
    entries.push_back(next->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// Says why a file is no image, or nothing if it is one.
std::string reason_against(const fs::path& path, fs::file_type type) {
  if (is_hidden(path)) return "hidden";
  if (type == fs::file_type::not_found) return "links to nothing";
  if (type == fs::file_type::none) return "unreadable";
  if (type != fs::file_type::regular) return "neither files nor folders";
  const std::string ending = ending_of(path);
  if (std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end()) return "";
  return ending.empty() ? "files without an ending" : "files " + ending;
}

class FolderWalk {
 public:
  FolderWalk(Below below, LeftOut& left_out) : below_(below), left_out_(left_out) {}

  std::vector<fs::path> run(const fs::path& folder) {
    std::error_code error;
    look_into(folder, error);
    if (error) throw FileError(Fault::kUnreadable, folder.string(), error.message());
    while (!folders_.empty() || !links_.empty()) {
      std::deque<fs::path>& next = folders_.empty() ? links_ : folders_;
      const fs::path path = next.front();
      next.pop_front();
      look_into(path, error);
      if (error) left_out_.add("unreadable folders");
    }
    std::sort(images_.begin(), images_.end());
    return std::move(images_);
  }

 private:
  void look_into(const fs::path& folder, std::error_code& error) {
    const fs::path real = fs::canonical(folder, error);
    if (error) return;
    if (!seen_.insert(real).second) return left_out_.add("links to folders that were seen");
    for (const fs::path& entry : sorted_entries(folder, error)) take(entry);
  }

  void take(const fs::path& path) {
    std::error_code unknown;
    const fs::file_type type = fs::status(path, unknown).type();
    if (type != fs::file_type::directory || is_hidden(path)) {
      const std::string reason = reason_against(path, type);
      if (!reason.empty()) return left_out_.add(reason);
      images_.push_back(path);
    } else if (below_ == Below::kLeftOut) {
      left_out_.add("folders below");
    } else {
      (fs::is_symlink(path, unknown) ? links_ : folders_).push_back(path);
    }
  }

  Below below_;
  LeftOut& left_out_;
  std::vector<fs::path> images_;
  std::deque<fs::path> folders_;
  std::deque<fs::path> links_;
  std::set<fs::path> seen_;
};

}  // namespace

std::string LeftOut::str() const {
  std::vector<std::pair<std::string, std::size_t>> order(reasons_.begin(), reasons_.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t kShown = 8;
  std::string text;
  std::size_t others = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i >= kShown) {
      others += order[i].second;
      continue;
    }
    text += (i == 0 ? "" : ", ") + order[i].first + ": " + std::to_string(order[i].second);
  }
  return others == 0 ? text : text + ", others: " + std::to_string(others);
}

std::string image_endings() {
  std::string text;
  for (std::size_t i = 0; i < kEndings.size(); ++i) {
    if (i > 0) text += i + 1 == kEndings.size() ? " or " : ", ";
    text += kEndings[i];
  }
  return text;
}

std::vector<fs::path> images_in(const fs::path& folder, Below below, LeftOut& left_out) {
  return FolderWalk(below, left_out).run(folder);
}

std::vector<fs::path> folders_in(const fs::path& folder, LeftOut& left_out) {
  std::error_code error;
  std::vector<fs::path> folders;
  for (const fs::path& path : sorted_entries(folder, error)) {
    std::error_code unknown;
    const bool found = fs::is_directory(path, unknown) && !is_hidden(path);
    if (found) folders.push_back(path);
    if (!found) left_out.add(is_hidden(path) ? "hidden" : "files beside the folders");
  }
  if (error) throw FileError(Fault::kUnreadable, folder.string(), error.message());
  return folders;
}

}  // namespace vitq
