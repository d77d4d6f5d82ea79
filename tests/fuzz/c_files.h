// SPDX-License-Identifier: Apache-2.0
// What the calls of the C interface are shown: a classifier, a detector, and an annotated image.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "vitq/convert.h"
#include "vitq/image.h"

namespace vitq::test {

// Small files in a folder of their own, for as long as the process lives.
class Files {
 public:
  Files() {
    std::filesystem::create_directory(folder);
    write_safetensors(classifier, convert(VITQ_GOLDEN_MODELS "/hf_vit", {}).weights,
                      Overwrite::kYes);
    const Converted made = convert(VITQ_GOLDEN_MODELS "/hf_detr", {});
    write_safetensors(detector, made.weights, Overwrite::kYes);
    Image image = make_image(kSide, kSide);
    for (std::size_t i = 0; i < image.rgb.size(); ++i) {
      image.rgb[i] = static_cast<std::uint8_t>(i * 37);
    }
    write_png(photo, image, Overwrite::kYes);
    std::string categories;
    for (std::size_t id = 0; id < made.info.labels.size(); ++id) {
      categories += (id == 0 ? R"({"id": )" : R"(, {"id": )") + std::to_string(id) +
                    R"(, "name": ")" + made.info.labels[id] + "\"}";
    }
    std::ofstream(annotations)
        << R"({"images": [{"id": 1, "file_name": "photo.png", "width": 24, "height": 24},)"
        << R"({"id": 2, "file_name": "gone.png"}], "categories": [)" << categories
        << R"(], "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "iscrowd": 0,)"
        << R"("bbox": [1, 3, 13, 10], "area": 130}]})";
  }
  ~Files() { std::filesystem::remove_all(folder); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  const std::string folder =
      std::filesystem::temp_directory_path() / ("vitq-fuzz-c-" + std::to_string(::getpid()));
  const std::string classifier = folder + "/classifier.safetensors";
  const std::string detector = folder + "/detector.safetensors";
  const std::string photo = folder + "/photo.png";
  const std::string annotations = folder + "/annotations.json";

 private:
  static constexpr int kSide = 24;
};

inline const Files& files() {
  static const Files made;
  return made;
}

}  // namespace vitq::test
