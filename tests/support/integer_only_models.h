// SPDX-License-Identifier: Apache-2.0
// Golden networks as integer-only models.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/naive_scheme.h"
#include "support/temp_folder.h"
#include "vitq/convert.h"
#include "vitq/model.h"

namespace vitq::test {

struct IntegerOnlyModel {
  TempFolder temp;
  std::filesystem::path plain, file;
  Weights weights;

  IntegerOnlyModel(const std::string& name, int bits, const QParams& activation = {})
      : plain(temp.path() / "float.safetensors"), file(temp.path() / "integer.safetensors") {
    const Converted source =
        convert(std::filesystem::path(VITQ_TEST_FILES) / "golden" / "models" / name, {});
    write_safetensors(plain, source.weights, Overwrite::kNo);
    const Model model = Model::load(plain);
    weights = naive_quantized(source.weights, model.graph(), source.info, bits, activation);
    write_safetensors(file, weights, Overwrite::kNo);
  }

  Model open(int threads = 1, Backend backend = Backend::kFast) const {
    return Model::load(file, {.session = {.threads = threads, .backend = backend},
                              .lower = {.numerics = Numerics::kIntegerOnly}});
  }

  // Images of noise as the network takes them. The first is always the same.
  Tensor noise(const Model& model, std::int64_t n) const {
    const std::vector<Image> made = images(model, n);
    return model.input_of(made).clone();
  }
  // The same for a float network.
  Tensor normalized(const Model& model, std::int64_t n) const {
    return normalize(images(model, n), model.info().preprocess);
  }

 private:
  static std::vector<Image> images(const Model& model, std::int64_t n) {
    const Shape input = model.graph()[model.graph().inputs()[0]].shape;
    const bool any = input[2] > 256;
    std::vector<Image> images;
    std::uint32_t state = 7;
    for (std::int64_t i = 0; i < n; ++i) {
      Image image =
          make_image(any ? 64 : static_cast<int>(input[3]), any ? 48 : static_cast<int>(input[2]));
      for (std::uint8_t& value : image.rgb) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<std::uint8_t>(state >> 24U);
      }
      images.push_back(std::move(image));
    }
    return images;
  }
};

}  // namespace vitq::test
