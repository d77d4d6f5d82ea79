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

const std::vector<LabelColumns> kNames = {{"tabby, tabby cat"}, {"crane, wading bird"}, {"crane"}};

ClassFolders folders_of(const TempFolder& temp, std::span<const LabelColumns> names = kNames) {
  LeftOut left_out;
  return find_class_folders(temp.path(), names, kClasses, left_out);
}

std::string refusal_of(const TempFolder& temp, std::span<const LabelColumns> names = kNames) {
  try {
    folders_of(temp, names);
  } catch (const FileError& error) {
    return error.what();
  }
  return "nothing was refused";
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
  const ClassFolders named = folders_of(by_label);
  CHECK(named.matching == "by label");
  CHECK(labels_of(named) == std::vector<std::int64_t>{2, 0, 1});
  const TempFolder by_id;
  fill(by_id, {"2/1.jpg", "0/2.jpg"});
  CHECK(labels_of(folders_of(by_id)) == std::vector<std::int64_t>{0, 2});
  const TempFolder in_order;
  fill(in_order, {"n01/1.jpg", "n05/2.jpg", "n09/3.jpg"});
  CHECK(labels_of(folders_of(in_order)) == std::vector<std::int64_t>{0, 1, 2});
}

TEST_CASE("folders that cannot be matched are refused") {
  const TempFolder stranger;
  fill(stranger, {"tabby/1.jpg", "zebra/2.jpg"});
  CHECK_THROWS_AS(folders_of(stranger), FileError);
  const TempFolder few;
  fill(few, {"n01/1.jpg", "n02/1.jpg"});
  CHECK_THROWS_AS(folders_of(few), FileError);
  const TempFolder flat;
  fill(flat, {"1.jpg"});
  CHECK_THROWS_AS(folders_of(flat), FileError);
  const TempFolder empty;
  fill(empty, {"0/readme.txt"});
  CHECK_THROWS_AS(folders_of(empty), FileError);
  LeftOut left_out;
  CHECK_THROWS_AS(find_class_folders(empty.path() / "absent", kNames, kClasses, left_out),
                  FileError);
}

TEST_CASE("a subset of ImageNet's synsets is mapped by what names them, else it is said how") {
  const TempFolder temp;
  fill(temp, {"n01440764/1.jpg", "n01484850/2.jpg"});
  const std::vector<LabelColumns> words = {{"goldfish"}, {"tench"}, {"shark"}};
  CHECK(has(refusal_of(temp, words), "--classes FILE"));
  CHECK(has(refusal_of(temp, words), "named as the synset n01440764"));
  const std::vector<std::int64_t> expected = {1, 2};
  CHECK(labels_of(folders_of(temp, std::vector<LabelColumns>{
                                       {"n01443537"}, {"n01440764"}, {"n01484850"}})) == expected);
  CHECK(labels_of(folders_of(
            temp, std::vector<LabelColumns>{{"n01443537", "goldfish"},
                                            {"n01440764", "tench, Tinca tinca"},
                                            {"n01484850", "great white shark"}})) == expected);
  CHECK(labels_of(folders_of(temp, std::vector<LabelColumns>{{"n01443537 goldfish"},
                                                             {"n01440764 tench, Tinca tinca"},
                                                             {"n01484850 great white shark"}})) ==
        expected);
}

TEST_CASE("what class folders hold besides images is counted by reason") {
  const TempFolder temp;
  fill(temp,
       {"0/1.jpg", "0/2.heic", "0/3.HEIC", "0/deep/4.jpg", "0/.hidden.jpg", "1/5.png", "6.jpg"});
  fs::create_directory_symlink(temp.path() / "1", temp.path() / "2");
  fs::create_symlink("nowhere", temp.path() / "1" / "7.jpg");
  LeftOut left_out;
  const ClassFolders found = find_class_folders(temp.path(), kNames, kClasses, left_out);
  CHECK(labels_of(found) == std::vector<std::int64_t>{0, 1, 2});
  CHECK(left_out.str() ==
        "files .heic: 2, links to nothing: 2, files beside the folders: 1, folders below: 1, "
        "hidden: 1");
}

TEST_CASE("folders in folders are looked into once, through links too") {
  const TempFolder temp;
  const TempFolder other;
  fill(temp, {"a.jpg", "sub/b.png", "sub/deep/c.jpeg"});
  fill(other, {"d.jpg"});
  fs::create_directory_symlink(temp.path(), temp.path() / "sub" / "loop");
  fs::create_directory_symlink(temp.path() / "sub", temp.path() / "again");
  fs::create_directory_symlink(other.path(), temp.path() / "linked");
  LeftOut left_out;
  const auto images = images_in(temp.path(), Below::kTaken, left_out);
  CHECK(images == std::vector<fs::path>{temp.path() / "a.jpg", temp.path() / "linked/d.jpg",
                                        temp.path() / "sub/b.png",
                                        temp.path() / "sub/deep/c.jpeg"});
  CHECK(left_out.str() == "links to folders that were seen: 2");
  LeftOut flat;
  CHECK(images_in(temp.path(), Below::kLeftOut, flat).size() == 1);
  CHECK(flat.str() == "folders below: 3");
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
