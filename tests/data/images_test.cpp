// SPDX-License-Identifier: Apache-2.0
// Every real image that is at hand passes the strict checks and decodes.
#include <doctest/doctest.h>

#include <string>

#include "support/data_folder.h"
#include "vitq/error.h"
#include "vitq/image.h"

using namespace vitq;
using namespace vitq::test;

namespace {

bool is_image(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".jpg" || extension == ".JPEG" || extension == ".png";
}

// Decodes all images below `folder`; answers how many there are.
int decode_all(const std::filesystem::path& folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!is_image(entry.path())) continue;
    ++count;
    try {
      const Image image = read_image(entry.path(), Exif::kApply);
      CHECK(image.width > 0);
      CHECK(image.height > 0);
    } catch (const Error& error) {
      FAIL_CHECK(error.what());
    }
  }
  return count;
}

}  // namespace

TEST_CASE("all images of ImageNet, COCO and the demonstration decode") {
  for (const char* name : {"imagenet", "coco", "demo"}) {
    const auto folder = data_folder(name);
    if (!folder) continue;
    CHECK_MESSAGE(decode_all(*folder) > 0, name);
  }
}
