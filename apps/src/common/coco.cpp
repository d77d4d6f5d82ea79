// SPDX-License-Identifier: Apache-2.0
#include "eval/coco.h"

#include <algorithm>
#include <set>

namespace vitq::apps {

namespace {

namespace fs = std::filesystem;

using IdSet = std::set<std::int64_t>;

constexpr std::int64_t kMaxId = std::int64_t{1} << 53;  // what JSON's readers agree on
// Results of COCO's 5,000 validation images at 100 each are 6 million values and keys.
constexpr Json::Limits kLimits = {.bytes = 500'000'000, .tokens = 40'000'000};

std::int64_t read_id(const Json& json, std::string_view key) {
  return json.at(key).integer(0, kMaxId);
}

std::int64_t new_id(const Json& json, IdSet& ids) {
  const std::int64_t id = read_id(json, "id");
  if (!ids.insert(id).second) json.at("id").fail("the id " + std::to_string(id) + " occurs twice");
  return id;
}

std::int64_t known_id(const Json& json, std::string_view key, const IdSet& ids, const char* list) {
  const std::int64_t id = read_id(json, key);
  if (!ids.contains(id)) {
    json.at(key).fail("there is no " + std::to_string(id) + " among the " + list);
  }
  return id;
}

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
  const bool leaves = path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
  if (name.empty() || leaves || name.find('\0') != std::string::npos) {
    json.fail("expected a file name within the folder of images, found " + json.dump());
  }
  return name;
}

int read_side(const Json& image, std::string_view key) {
  const auto side = image.find(key);
  return side ? static_cast<int>(side->integer(1, 1'000'000)) : 0;
}

template <typename Item>
void sort_by_id(std::vector<Item>& items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
}

IdSet read_images(const Json& list, std::vector<CocoImage>& images) {
  IdSet ids;
  for (const Json& image : list.items()) {
    images.push_back({new_id(image, ids), read_file_name(image.at("file_name")),
                      read_side(image, "width"), read_side(image, "height")});
  }
  if (images.empty()) list.fail("there are no images");
  sort_by_id(images);
  return ids;
}

IdSet read_categories(const Json& list, std::vector<CocoCategory>& categories) {
  IdSet ids;
  std::set<std::string> names;
  for (const Json& category : list.items()) {
    const Json name = category.at("name");
    categories.push_back({new_id(category, ids), name.string()});
    if (!names.insert(name.string()).second) name.fail("the name " + name.dump() + " occurs twice");
  }
  if (categories.empty()) list.fail("there are no categories");
  sort_by_id(categories);
  return ids;
}

bool read_crowd(const Json& annotation) {
  const auto crowd = annotation.find("iscrowd");
  return crowd && crowd->integer(0, 1) == 1;
}

IdSet ids_of(const auto& items) {
  IdSet ids;
  for (const auto& item : items) ids.insert(item.id);
  return ids;
}

Json read_json(const fs::path& path) {
  return Json::read(path, kLimits);
}

}  // namespace

CocoTruth parse_coco_truth(const Json& json) {
  CocoTruth truth;
  const IdSet images = read_images(json.at("images"), truth.images);
  const IdSet categories = read_categories(json.at("categories"), truth.categories);
  IdSet annotations;
  for (const Json& annotation : json.at("annotations").items()) {
    new_id(annotation, annotations);
    truth.objects.push_back({known_id(annotation, "image_id", images, "images"),
                             known_id(annotation, "category_id", categories, "categories"),
                             read_box(annotation.at("bbox")),
                             not_negative(annotation.at("area"), "an area"),
                             read_crowd(annotation)});
  }
  return truth;
}

CocoTruth read_coco_truth(const fs::path& path) {
  return parse_coco_truth(read_json(path));
}

std::vector<CocoResult> parse_coco_results(const Json& json, const CocoTruth& truth) {
  const IdSet images = ids_of(truth.images);
  const IdSet categories = ids_of(truth.categories);
  std::vector<CocoResult> results;
  for (const Json& result : json.items()) {
    results.push_back({known_id(result, "image_id", images, "annotated images"),
                       known_id(result, "category_id", categories, "annotated categories"),
                       read_box(result.at("bbox")), result.at("score").number()});
  }
  return results;
}

CocoTruth spread(const CocoTruth& truth, std::size_t count) {
  if (count >= truth.images.size()) return truth;
  CocoTruth part = {.images = {}, .categories = truth.categories, .objects = {}};
  for (std::size_t i = 0; i < count; ++i) {
    part.images.push_back(truth.images[i * truth.images.size() / count]);
  }
  const IdSet ids = ids_of(part.images);
  std::copy_if(truth.objects.begin(), truth.objects.end(), std::back_inserter(part.objects),
               [&ids](const CocoObject& object) { return ids.contains(object.image); });
  return part;
}

}  // namespace vitq::apps
