// SPDX-License-Identifier: Apache-2.0
// The C interface as its callers see it: nothing of the C++ library is used but for what it is
// compared with.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "apps/run.h"
#include "vitq/c.h"

namespace vitq::test {

// A model that is open as long as this lives.
class OpenModel {
 public:
  explicit OpenModel(const std::string& path) {
    REQUIRE_MESSAGE(vitq_model_load(path.c_str(), nullptr, &model_) == VITQ_OK, vitq_last_error());
  }
  ~OpenModel() { vitq_model_close(model_); }
  OpenModel(const OpenModel&) = delete;
  OpenModel& operator=(const OpenModel&) = delete;

  operator vitq_model() const { return model_; }

 private:
  vitq_model model_ = 0;
};

class OpenResult {
 public:
  OpenResult() = default;
  ~OpenResult() {
    if (result_ != 0) vitq_result_free(result_);
  }
  OpenResult(const OpenResult&) = delete;
  OpenResult& operator=(const OpenResult&) = delete;

  vitq_result* out() { return &result_; }
  operator vitq_result() const { return result_; }
  std::span<const vitq_tensor> tensors() const { return list(vitq_result_tensors); }
  std::span<const vitq_class> classes() const { return list(vitq_result_classes); }
  std::span<const vitq_object> objects() const { return list(vitq_result_objects); }
  std::string text() const {
    const char* text = nullptr;
    REQUIRE(vitq_result_text(result_, &text) == VITQ_OK);
    return text;
  }

 private:
  template <typename Item>
  std::span<const Item> list(vitq_status (*get)(vitq_result, const Item**, size_t*)) const {
    const Item* items = nullptr;
    size_t count = 0;
    REQUIRE(get(result_, &items, &count) == VITQ_OK);
    return {items, count};
  }
  vitq_result result_ = 0;
};

// Points at `path`.
inline vitq_image image_at(const std::string& path) {
  vitq_image image = {};
  image.size = sizeof(image);
  image.path = path.c_str();
  return image;
}

inline std::span<const float> floats(const vitq_tensor& tensor) {
  std::int64_t count = 1;
  for (int i = 0; i < tensor.rank; ++i) count *= tensor.shape[i];
  return {static_cast<const float*>(tensor.data), static_cast<std::size_t>(count)};
}

// The call failed with that status, and the message has that part.
inline void check_failed(vitq_status found, vitq_status expected, const std::string& part) {
  const std::string message = vitq_last_error();
  CAPTURE(message);
  CHECK(found == expected);
  CHECK(message.find(part) != std::string::npos);
}

}  // namespace vitq::test
