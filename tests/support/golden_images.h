// SPDX-License-Identifier: Apache-2.0
// The tensors of golden/preprocess.safetensors, or of another such file, by name and as images (see
// make_preprocess.py).
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/image.h"
#include "vitq/json.h"
#include "vitq/weights.h"

namespace vitq::test {

class GoldenImages {
 public:
  explicit GoldenImages(const char* file = "preprocess.safetensors")
      : weights_(read_safetensors(std::filesystem::path(VITQ_TEST_FILES) / "golden" / file)) {}

  Json record() const { return Json::parse(weights_.metadata.at("golden"), "golden"); }

  // What follows `prefix` in the names of all tensors that start with it.
  std::vector<std::string> names(std::string_view prefix) const {
    std::vector<std::string> found;
    for (const auto& [name, tensor] : weights_.tensors) {
      if (name.starts_with(prefix)) found.push_back(name.substr(prefix.size()));
    }
    REQUIRE(!found.empty());
    return found;
  }

  const Tensor& tensor(const std::string& name) const { return weights_.at(name); }

  Image image(const std::string& name) const {
    const Tensor& tensor = weights_.at(name);
    Image image =
        make_image(static_cast<int>(tensor.shape()[1]), static_cast<int>(tensor.shape()[0]));
    const std::span<const std::uint8_t> bytes = tensor.as<std::uint8_t>();
    image.rgb.assign(bytes.begin(), bytes.end());
    return image;
  }

  std::vector<std::byte> file(const std::string& name) const {
    const Tensor& tensor = weights_.at("file/" + name);
    return {tensor.data(), tensor.data() + tensor.bytes()};
  }

 private:
  Weights weights_;
};

// "a/b/c" as {"a", "b", "c"}; also splits sizes at 'x'.
inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts = {""};
  for (const char letter : text) {
    if (letter == separator) {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  return parts;
}

// Byte for byte; the first difference is named.
inline void check_equal(const Image& found, const Image& expected, const std::string& what) {
  REQUIRE_MESSAGE((found.width == expected.width && found.height == expected.height),
                  what << ": " << found.width << " x " << found.height << " instead of "
                       << expected.width << " x " << expected.height);
  std::size_t at = 0;
  while (at < found.rgb.size() && found.rgb[at] == expected.rgb[at]) ++at;
  CHECK_MESSAGE(found.rgb == expected.rgb, what << " differs from byte " << at);
}

}  // namespace vitq::test
