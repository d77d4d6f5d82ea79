// SPDX-License-Identifier: Apache-2.0
// Finds the images in folders, and counts by reason what else is there and was not taken.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vitq {

class LeftOut {
 public:
  void add(const std::string& reason, std::size_t count = 1) { reasons_[reason] += count; }
  bool empty() const { return reasons_.empty(); }

  // "files .webp: 12, folders below: 1"; the most frequent first.
  std::string str() const;

 private:
  std::map<std::string, std::size_t> reasons_;
};

// Names the endings of the images that are read: ".jpg, .jpeg or .png".
std::string image_endings();

enum class Below {
  kTaken,    // folders in folders are looked into
  kLeftOut,  // and count as left out
};

// Answers the images of a folder, sorted. Hidden files are left out. Links are followed, but no
// folder is looked into twice; its real place comes before links to it. Throws FileError if the
// folder cannot be read.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder, Below below,
                                             LeftOut& left_out);

// Answers the folders in a folder, sorted, those that links lead to included. All else is left out.
// Throws FileError if it cannot be read.
std::vector<std::filesystem::path> folders_in(const std::filesystem::path& folder,
                                              LeftOut& left_out);

}  // namespace vitq
