// SPDX-License-Identifier: Apache-2.0
// Files of class names: no name may slip to another class.
#include "vitq/labels.h"

#include <doctest/doctest.h>

#include "support/temp_folder.h"
#include "vitq/error.h"

using namespace vitq;
using vitq::test::TempFolder;

namespace {

using Names = std::vector<std::string>;

Names read(std::string_view text, std::int64_t classes) {
  const TempFolder temp;
  return read_labels(temp.file("l.txt", text), classes);
}

void check_refused(std::string_view text, std::int64_t classes, std::string_view part) {
  std::string found = "nothing was refused";
  try {
    read(text, classes);
  } catch (const FileError& error) {
    found = error.what();
  }
  CAPTURE(found);
  CHECK(found.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("a line is a name, also a blank one, and there are as many as classes") {
  CHECK(read("cat\ndog\r\n", 2) == Names{"cat", "dog"});
  CHECK(read("cat\n\ndog", 3) == Names{"cat", "", "dog"});
  check_refused("cat\ndog\n", 3, "2 lines from 'cat' to 'dog', but the network has 3 classes");
  check_refused("background\ncat\ndog\n", 2, "3 lines from 'background' to 'dog'");
  check_refused("cat\n\ndog\n\n", 3,
                "4 lines from 'cat' to '', but the network has 3 classes; "
                "blank is line 2, 4");
  check_refused("cat\n1\tdog\n", 2, "line 2: has a tab");
  check_refused("", 2, "is empty");
}

TEST_CASE("lines with ids come in any order, and may leave classes out") {
  CHECK(read("1\tn02\tdog\n0\tn01\tcat\n", 2) == Names{"cat", "dog"});
  CHECK(read("2\tdog\n", 4) == Names{"", "", "dog", ""});
  check_refused("0\tcat\n\n1\tdog\n", 2, "line 2: expected a class id from 0 to 1");
  check_refused("0\tcat\ndog\n", 2, "line 2: expected a class id");
  check_refused("0\tcat\n1\n", 2, "line 2: expected a class id");
  check_refused("0\tcat\n0\tdog\n", 2, "line 2: the id 0 occurs twice");
  for (const char* id : {"x", "-1", "3", "1.0", " 1", "99999999999999999999"}) {
    CAPTURE(id);
    check_refused(std::string(id) + "\tdog\n", 3, "line 1: expected a class id from 0 to 2");
  }
}

TEST_CASE("a byte-order mark is no part of the first name; other encodings are refused") {
  CHECK(read("\xEF\xBB\xBF"
             "cat\r\ndog\r\n",
             2) == Names{"cat", "dog"});
  CHECK(read("\xEF\xBB\xBF"
             "0\tcat\n",
             1) == Names{"cat"});
  check_refused(std::string_view("\xFF\xFE"
                                 "c\0a\0t\0\n\0",
                                 10),
                1, "line 1: a NUL byte");
}

TEST_CASE("all columns can be had, and what is no file is refused") {
  const TempFolder temp;
  const auto columns = read_label_columns(temp.file("l.txt", "1\tn02\tdog\n"), 2);
  CHECK(columns == std::vector<LabelColumns>{{}, {"n02", "dog"}});
  CHECK_THROWS_AS(read_labels(temp.path() / "absent.txt", 1), FileError);
  CHECK_THROWS_AS(read_labels(temp.path(), 1), FileError);
}
