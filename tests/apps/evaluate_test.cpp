// SPDX-License-Identifier: Apache-2.0
// Labelled images: lists and class folders, good and bad; ranks and intervals.
#include "vitq/evaluate.h"

#include <doctest/doctest.h>

#include <limits>

#include "eval/labelled_images.h"
#include "eval/wilson.h"
#include "support/temp_folder.h"
#include "vitq/error.h"

using namespace vitq;
using namespace vitq::apps;
using vitq::test::TempFolder;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kClasses = 3;

ModelInfo labelled() {
  ModelInfo info;
  info.labels = {"tabby, tabby cat", "crane, wading bird", "crane"};
  return info;
}

// A folder that holds these (empty) files.
void fill(const TempFolder& temp, std::initializer_list<const char*> files) {
  for (const char* file : files) {
    fs::create_directories((temp.path() / file).parent_path());
    temp.file(file, "");
  }
}

std::string refusal(const TempFolder& temp, std::string_view text, Fault expected) {
  try {
    read_label_list(temp.file("list.tsv", text), temp.path(), kClasses);
  } catch (const FileError& error) {
    CHECK(error.fault() == expected);
    return error.what();
  }
  return "nothing was refused";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::int64_t> labels_of(const ClassFolders& found) {
  std::vector<std::int64_t> labels;
  for (const LabelledImage& image : found.images) labels.push_back(image.label);
  return labels;
}

}  // namespace

TEST_CASE("a list names files and classes; further columns and empty lines say nothing") {
  const TempFolder temp;
  fill(temp, {"a.jpg", "sub/b.jpg"});
  const fs::path list = temp.file("list.tsv", "a.jpg\t2\tn01\tmore\r\n\nsub/b.jpg\t0\n");
  const auto images = read_label_list(list, temp.path(), kClasses);
  REQUIRE(images.size() == 2);
  CHECK(images[0].path == temp.path() / "a.jpg");
  CHECK(images[0].label == 2);
  CHECK(images[1].label == 0);
}

TEST_CASE("a bad line of a list is refused with its number") {
  const TempFolder temp;
  fill(temp, {"a.jpg"});
  CHECK(has(refusal(temp, "a.jpg\t0\na.jpg 1\n", Fault::kMalformed), "line 2: expected file<TAB>"));
  CHECK(has(refusal(temp, "\t0\n", Fault::kMalformed), "line 1"));
  for (const char* label : {"3", "-1", "", "1.0", "cat", "99999999999999999999"}) {
    const std::string text = refusal(temp, "a.jpg\t" + std::string(label), Fault::kMalformed);
    CHECK_MESSAGE(has(text, "line 1: expected a class id from 0 to 2"), text);
  }
  CHECK(has(refusal(temp, "b.jpg\t0\n", Fault::kUnreadable), "b.jpg"));
  CHECK(has(refusal(temp, "\n\n", Fault::kMalformed), "lists no images"));
  CHECK_THROWS_AS(read_label_list(temp.path() / "absent", temp.path(), kClasses), FileError);
}

TEST_CASE("class folders are matched by label, whole ones first, else by id, else in order") {
  const TempFolder by_label;
  fill(by_label, {"crane/1.jpg", "tabby_cat/2.PNG", "wading bird/3.jpeg", "tabby/readme.txt"});
  const ClassFolders named = find_class_folders(by_label.path(), labelled(), kClasses);
  CHECK(named.matching == "by label");
  CHECK(labels_of(named) == std::vector<std::int64_t>{2, 0, 1});
  const TempFolder by_id;
  fill(by_id, {"2/1.jpg", "0/2.jpg"});
  CHECK(labels_of(find_class_folders(by_id.path(), labelled(), kClasses)) ==
        std::vector<std::int64_t>{0, 2});
  const TempFolder in_order;
  fill(in_order, {"n01/1.jpg", "n05/2.jpg", "n09/3.jpg"});
  CHECK(labels_of(find_class_folders(in_order.path(), labelled(), kClasses)) ==
        std::vector<std::int64_t>{0, 1, 2});
}

TEST_CASE("folders that cannot be matched are refused") {
  const TempFolder stranger;
  fill(stranger, {"tabby/1.jpg", "zebra/2.jpg"});
  CHECK_THROWS_AS(find_class_folders(stranger.path(), labelled(), kClasses), FileError);
  const TempFolder few;
  fill(few, {"n01/1.jpg", "n02/1.jpg"});
  CHECK_THROWS_AS(find_class_folders(few.path(), labelled(), kClasses), FileError);
  const TempFolder flat;
  fill(flat, {"1.jpg"});
  CHECK_THROWS_AS(find_class_folders(flat.path(), labelled(), kClasses), FileError);
  const TempFolder empty;
  fill(empty, {"0/readme.txt"});
  CHECK_THROWS_AS(find_class_folders(empty.path(), labelled(), kClasses), FileError);
  CHECK_THROWS_AS(find_class_folders(empty.path() / "absent", labelled(), kClasses), FileError);
}

TEST_CASE("a limit takes images from all over the list") {
  const std::vector<LabelledImage> all = {{"a", 0}, {"b", 0}, {"c", 1}, {"d", 1}};
  const auto two = spread(all, 2);
  REQUIRE(two.size() == 2);
  CHECK(two[0].path == "a");
  CHECK(two[1].path == "c");
  CHECK(spread(all, 9).size() == 4);
}

TEST_CASE("ranks count what is ahead; what is not a number is never right") {
  const std::vector<float> scores = {1.0F, 3.0F, 3.0F, 2.0F};
  CHECK(rank_of(scores, 1) == 0);
  CHECK(rank_of(scores, 2) == 1);
  CHECK(rank_of(scores, 0) == 3);
  const std::vector<float> broken(6, std::numeric_limits<float>::quiet_NaN());
  CHECK(rank_of(broken, 0) == 5);
}

TEST_CASE("intervals are Wilson's") {
  const Interval half = wilson(5, 10);
  CHECK(half.low == doctest::Approx(0.2366).epsilon(1e-3));
  CHECK(half.high == doctest::Approx(0.7634).epsilon(1e-3));
  CHECK(wilson(10, 10).high == doctest::Approx(1.0));
  CHECK(wilson(0, 10).low == doctest::Approx(0.0));
}
