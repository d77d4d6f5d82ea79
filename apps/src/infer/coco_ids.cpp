// SPDX-License-Identifier: Apache-2.0
#include "infer/coco_ids.h"

#include <algorithm>
#include <charconv>

#include "common/args.h"

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

// Whether `path` ends in all parts of `name`.
bool ends_in(const fs::path& path, const fs::path& name) {
  const std::vector<fs::path> parts(path.begin(), path.end());
  const std::vector<fs::path> last(name.begin(), name.end());
  return parts.size() >= last.size() && std::equal(last.rbegin(), last.rend(), parts.rbegin());
}

std::int64_t number_of(const std::string& image) {
  const std::string stem = fs::path(image).stem();
  std::int64_t id = -1;
  const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), id);
  if (error == std::errc() && end == stem.data() + stem.size() && id >= 0) return id;
  throw UsageError("COCO's results call images by number, and the name of '" + image +
                   "' is none; --coco FILE takes ids from an annotations file");
}

}  // namespace

CocoIds::CocoIds(const fs::path& annotations, const std::vector<std::string>& labels,
                 std::int64_t classes, bool ignore_unmatched)
    : annotations_(annotations) {
  const CocoTruth truth = read_coco_truth(annotations);
  match_ = match_categories(labels, classes, truth);
  require_matched(match_, ignore_unmatched);
  for (const CocoImage& image : truth.images) {
    images_.emplace(fs::path(image.file_name).filename().string(), image);
  }
}

std::int64_t CocoIds::image(const std::string& path) const {
  if (annotations_.empty()) return number_of(path);
  const fs::path whole = fs::absolute(path).lexically_normal();
  const auto [first, last] = images_.equal_range(whole.filename().string());
  std::vector<std::int64_t> ids;
  for (auto image = first; image != last; ++image) {
    const bool alone = std::next(first) == last;
    if (alone || ends_in(whole, image->second.file_name)) ids.push_back(image->second.id);
  }
  if (ids.size() == 1) return ids.front();
  throw UsageError("'" + path + "' is " + (ids.empty() ? "none" : "several") +
                   " of the images of " + annotations_.string());
}

std::optional<std::int64_t> CocoIds::category(std::int64_t class_id) const {
  if (annotations_.empty()) return class_id;
  const auto found = match_.category_of.find(class_id);
  return found == match_.category_of.end() ? std::nullopt : std::optional(found->second);
}

void CocoIds::require(const std::vector<std::string>& images) const {
  std::map<std::int64_t, std::string> seen;
  for (const std::string& path : images) {
    const auto [other, fresh] = seen.emplace(image(path), path);
    if (fresh) continue;
    throw UsageError("'" + other->second + "' and '" + path + "' would both be COCO's image " +
                     std::to_string(other->first));
  }
}

}  // namespace vitq::apps
