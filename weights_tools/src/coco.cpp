// SPDX-License-Identifier: Apache-2.0
#include "vitq/coco.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "vitq/error.h"

namespace vitq {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxId = std::int64_t{1} << 53;  // what JSON's readers agree on
constexpr Json::Limits kLimits = {.bytes = 2'000'000'000};
constexpr const char* kImages = "images";
constexpr const char* kCategories = "categories";
constexpr const char* kAnnotations = "annotations";

bool is_whole(const Json& json) {
  return json.is_number() && std::abs(json.number()) <= static_cast<double>(kMaxId) &&
         json.number() == std::floor(json.number());
}

// To Python 7.0 is the same key as 7.
std::int64_t read_id(const Json& json) {
  if (is_whole(json)) return static_cast<std::int64_t>(json.number());
  return json.integer(-kMaxId, kMaxId);
}

// The ids of a list, and where they are in it.
template <typename Id>
class IdList {
 public:
  void add(Id id, std::size_t index) { ids_.emplace_back(std::move(id), index); }

  // Must be called before contains().
  void sort() { std::sort(ids_.begin(), ids_.end()); }
  bool contains(const Id& id) const {
    return std::binary_search(ids_.begin(), ids_.end(), std::pair<Id, std::size_t>(id, 0),
                              [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  // Throws FileError if one of them occurs twice in the list.
  void require_unique(const Json& list) const {
    const auto twice = std::adjacent_find(
        ids_.begin(), ids_.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice == ids_.end()) return;
    throw FileError(Fault::kMalformed,
                    list.place() + "[" + std::to_string((twice + 1)->second) + "].id",
                    "the id " + text_of(twice->first) + " occurs twice");
  }

 private:
  static std::string text_of(std::int64_t id) { return std::to_string(id); }
  static std::string text_of(const std::string& id) { return id; }

  std::vector<std::pair<Id, std::size_t>> ids_;
};

double not_negative(const Json& json, const char* what) {
  const double value = json.number();
  if (value < 0.0)
    json.fail(std::string("expected ") + what + " of at least 0, found " + json.dump());
  return value;
}

CocoBox read_box(const Json& json) {
  const std::vector<Json> numbers = json.items();
  if (numbers.size() != 4) {
    json.fail("expected [x, y, width, height], found " + std::to_string(numbers.size()) +
              " elements");
  }
  return {numbers[0].number(), numbers[1].number(), not_negative(numbers[2], "a width"),
          not_negative(numbers[3], "a height")};
}

std::string read_file_name(const Json& json) {
  const std::string name = json.string();
  const fs::path path(name);
  const bool leaves = std::find(path.begin(), path.end(), "..") != path.end();
  if (!path.has_filename() || leaves || name.find('\0') != std::string::npos) {
    json.fail("expected a file name within the folder of images, found " + json.dump());
  }
  return name;
}

// Tools that do not know a side write -1, null or a text.
int read_side(const Json& image, std::string_view key) {
  const auto side = image.find(key);
  const bool said = side && is_whole(*side) && side->number() >= 1.0 && side->number() <= 1e6;
  return said ? static_cast<int>(side->number()) : 0;
}

template <typename Item>
void sort_by_id(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
}

bool read_crowd(const Json& annotation) {
  const auto crowd = annotation.find("iscrowd");
  if (!crowd) return false;
  return crowd->is_boolean() ? crowd->boolean() : crowd->integer(0, 1) == 1;
}

IdList<std::int64_t> ids_of(const auto& items) {
  IdList<std::int64_t> ids;
  for (const auto& item : items) ids.add(item.id, 0);
  ids.sort();
  return ids;
}

std::int64_t known_id(const Json& json, const IdList<std::int64_t>& ids, const char* list) {
  const std::int64_t id = read_id(json);
  if (!ids.contains(id)) {
    json.fail("there is no " + std::to_string(id) + " among the " + list);
  }
  return id;
}

// Takes the elements of the three lists in any order, and puts them together at the end.
class TruthReader {
 public:
  void add(const std::string& list, const Json& element) {
    if (list == kImages) add_image(element);
    if (list == kCategories) add_category(element);
    if (list == kAnnotations) add_annotation(element);
  }

  // `root` has the lists, of which only the places are asked.
  CocoTruth finish(const Json& root) {
    for (const char* list : {kImages, kCategories, kAnnotations}) {
      if (!root.at(list).is_array()) root.at(list).items();  // throws
    }
    if (truth_.images.empty()) root.at(kImages).fail("there are no images");
    if (truth_.categories.empty()) root.at(kCategories).fail("there are no categories");
    require_unique(images_, root.at(kImages));
    require_unique(categories_, root.at(kCategories));
    require_unique(annotations_, root.at(kAnnotations));
    require_unique(named_annotations_, root.at(kAnnotations));
    require_known(root.at(kAnnotations));
    sort_by_id(truth_.images);
    sort_by_id(truth_.categories);
    return std::move(truth_);
  }

 private:
  void add_image(const Json& image) {
    const std::int64_t id = read_id(image.at("id"));
    images_.add(id, truth_.images.size());
    truth_.images.push_back({id, read_file_name(image.at("file_name")), read_side(image, "width"),
                             read_side(image, "height")});
  }

  void add_category(const Json& category) {
    const std::int64_t id = read_id(category.at("id"));
    categories_.add(id, truth_.categories.size());
    truth_.categories.push_back({id, category.at("name").string()});
  }

  void add_annotation(const Json& annotation) {
    add_annotation_id(annotation.at("id"));
    truth_.objects.push_back(
        {read_id(annotation.at("image_id")), read_id(annotation.at("category_id")),
         read_box(annotation.at("bbox")), not_negative(annotation.at("area"), "an area"),
         read_crowd(annotation)});
  }

  void add_annotation_id(const Json& id) {
    if (id.is_string()) return named_annotations_.add(id.dump(), truth_.objects.size());
    annotations_.add(read_id(id), truth_.objects.size());
    truth_.zero_id = truth_.zero_id || read_id(id) == 0;
  }

  template <typename Id>
  static void require_unique(IdList<Id>& ids, const Json& list) {
    ids.sort();
    ids.require_unique(list);
  }

  void require_known(const Json& list) const {
    const auto require = [&](const IdList<std::int64_t>& known, std::int64_t id,
                             const std::string& key, const char* of) {
      if (known.contains(id)) return;
      throw FileError(Fault::kMalformed, list.place() + key,
                      "there is no " + std::to_string(id) + " among the " + of);
    };
    for (std::size_t i = 0; i < truth_.objects.size(); ++i) {
      const std::string place = "[" + std::to_string(i) + "].";
      require(images_, truth_.objects[i].image, place + "image_id", kImages);
      require(categories_, truth_.objects[i].category, place + "category_id", kCategories);
    }
  }

  CocoTruth truth_;
  IdList<std::int64_t> images_;
  IdList<std::int64_t> categories_;
  IdList<std::int64_t> annotations_;
  IdList<std::string> named_annotations_;
};

}  // namespace

CocoTruth parse_coco_truth(const Json& json) {
  TruthReader reader;
  for (const char* list : {kImages, kCategories, kAnnotations}) {
    for (const Json& element : json.at(list).items()) reader.add(list, element);
  }
  return reader.finish(json);
}

CocoTruth read_coco_truth(const fs::path& path) {
  TruthReader reader;
  const Json root = Json::read_lists(
      path, kLimits,
      [&](const std::string& list, const Json& element) { reader.add(list, element); });
  return reader.finish(root);
}

fs::path image_path(const CocoImage& image, const fs::path& folder) {
  const fs::path name(image.file_name);
  if (!name.is_absolute()) return folder / name;
  const fs::path below = name.lexically_relative(fs::absolute(folder).lexically_normal());
  const bool inside = !below.empty() && *below.begin() != "..";
  return folder / (inside ? below : name.filename());
}

std::vector<CocoResult> parse_coco_results(const Json& json, const CocoTruth& truth) {
  const IdList<std::int64_t> images = ids_of(truth.images);
  const IdList<std::int64_t> categories = ids_of(truth.categories);
  std::vector<CocoResult> results;
  for (const Json& result : json.items()) {
    results.push_back({known_id(result.at("image_id"), images, "annotated images"),
                       known_id(result.at("category_id"), categories, "annotated categories"),
                       read_box(result.at("bbox")), result.at("score").number()});
  }
  return results;
}

CocoTruth with_images(const CocoTruth& truth, std::vector<CocoImage> images) {
  CocoTruth part = {.images = std::move(images),
                    .categories = truth.categories,
                    .objects = {},
                    .zero_id = truth.zero_id};
  const IdList<std::int64_t> ids = ids_of(part.images);
  std::copy_if(truth.objects.begin(), truth.objects.end(), std::back_inserter(part.objects),
               [&ids](const CocoObject& object) { return ids.contains(object.image); });
  return part;
}

CocoTruth spread(const CocoTruth& truth, std::size_t count) {
  if (count >= truth.images.size()) return truth;
  std::vector<CocoImage> images;
  for (std::size_t i = 0; i < count; ++i) {
    images.push_back(truth.images[i * truth.images.size() / count]);
  }
  return with_images(truth, std::move(images));
}

}  // namespace vitq
