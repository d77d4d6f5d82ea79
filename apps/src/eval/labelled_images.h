// SPDX-License-Identifier: Apache-2.0
// This finds images and their classes, by a list or in a folder for each class.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "vitq/evaluate.h"
#include "vitq/image_folder.h"
#include "vitq/labels.h"

namespace vitq::apps {

// Answers the images of a folder, without labels. If the folder holds folders, there are none.
// Throws FileError.
std::vector<LabelledImage> find_unlabelled(const std::filesystem::path& folder, LeftOut& left_out);

// Answers those of the folders below as well, without labels. Throws FileError, also if there are
// none.
std::vector<LabelledImage> all_images(const std::filesystem::path& folder, LeftOut& left_out);

// The text file has lines `file<TAB>label[<TAB>...]`. Files are relative to `folder`, labels are in
// [0, classes). Throws FileError naming the line; unless it is to keep going, also for a file that
// is not there.
std::vector<LabelledImage> read_label_list(const std::filesystem::path& list,
                                           const std::filesystem::path& folder,
                                           std::int64_t classes, bool keep_going = false);

struct ClassFolders {
  std::vector<LabelledImage> images;
  std::string matching;  // how folders became classes, in words
};

// The images lie below `folder`, which has a folder for each class. A folder's name is one of the
// class's names, or of the parts of it between commas. If no folder's name is, all are class ids,
// or else the folders are the model's classes in order. Throws FileError.
ClassFolders find_class_folders(const std::filesystem::path& folder,
                                std::span<const LabelColumns> names, std::int64_t classes,
                                LeftOut& left_out);

// Answers `count` of the images, spread evenly over all, or all if there are no more.
std::vector<LabelledImage> spread(std::span<const LabelledImage> images, std::size_t count);

}  // namespace vitq::apps
