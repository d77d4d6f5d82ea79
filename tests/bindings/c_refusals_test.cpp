// SPDX-License-Identifier: Apache-2.0
// Wrong calls of the C interface: a status and a message that names the argument, and no harm.
#include <cstring>
#include <thread>

#include "bindings/c_support.h"

using namespace vitq;
using namespace vitq::test;

TEST_CASE("handles that are not open are refused, those that were closed before too") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  vitq_model model = 0;
  REQUIRE(vitq_model_load(path.c_str(), nullptr, &model) == VITQ_OK);
  CHECK(vitq_model_close(model) == VITQ_OK);
  check_failed(vitq_model_close(model), VITQ_USAGE, "no open model");
  check_failed(vitq_model_close(0), VITQ_USAGE, "number 0");
  check_failed(vitq_result_free(model), VITQ_USAGE, "no open result");
  const vitq_image image = image_at(path);
  vitq_result result = 77;
  check_failed(vitq_classify(model, &image, 1, &result), VITQ_USAGE, "no open model");
  CHECK(result == 77);
  const char* text = nullptr;
  check_failed(vitq_model_info(model, &text), VITQ_USAGE, "no open model");
  check_failed(vitq_result_text(12345, &text), VITQ_USAGE, "no open result");
}

TEST_CASE("null pointers are named") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  const OpenModel model(path);
  const std::string file = write_image(temp, "a.png", 1);
  const vitq_image image = image_at(file);
  vitq_result result = 0;
  vitq_model other = 0;
  check_failed(vitq_model_load(nullptr, nullptr, &other), VITQ_USAGE, "path is null");
  check_failed(vitq_model_load(path.c_str(), nullptr, nullptr), VITQ_USAGE, "model is null");
  check_failed(vitq_model_load_bytes(nullptr, 8, nullptr, &other), VITQ_USAGE, "bytes is null");
  check_failed(vitq_model_info(model, nullptr), VITQ_USAGE, "json is null");
  check_failed(vitq_classify(model, nullptr, 1, &result), VITQ_USAGE, "image is null");
  check_failed(vitq_classify(model, &image, 1, nullptr), VITQ_USAGE, "result is null");
  check_failed(vitq_run(model, nullptr, &result), VITQ_USAGE, "input is null");
  check_failed(vitq_prepare(model, nullptr, 1, &result), VITQ_USAGE, "images is null");
  check_failed(vitq_prepare(model, &image, 0, &result), VITQ_USAGE, "count is 0");
  check_failed(vitq_convert(nullptr, "x", nullptr, nullptr), VITQ_USAGE, "checkpoint is null");
  check_failed(vitq_quantize("x", nullptr, 1, "y", nullptr, nullptr), VITQ_USAGE, "images is null");
  const char* images[] = {nullptr};
  check_failed(vitq_quantize("x", images, 0, "y", nullptr, nullptr), VITQ_USAGE, "count is 0");
  check_failed(vitq_quantize("x", images, 1, "y", nullptr, nullptr), VITQ_USAGE, "image is null");
  CHECK(result == 0);
}

TEST_CASE("a struct's size says what of it is there") {
  const TempFolder temp;
  const std::string path = make_model(temp);
  struct Longer {
    vitq_load_options known;
    std::int64_t further;
  } longer = {};
  longer.known.size = sizeof(longer);
  vitq_model model = 0;
  CHECK(vitq_model_load(path.c_str(), &longer.known, &model) == VITQ_OK);
  vitq_model_close(model);
  longer.further = 1;
  check_failed(vitq_model_load(path.c_str(), &longer.known, &model), VITQ_USAGE, "does not know");
  longer.known.size = 0;
  check_failed(vitq_model_load(path.c_str(), &longer.known, &model), VITQ_USAGE, "size is 0");
  longer.known.size = sizeof(std::size_t) + 4;
  check_failed(vitq_model_load(path.c_str(), &longer.known, &model), VITQ_USAGE, "size is 12");
  longer.known.size = SIZE_MAX - 7;
  check_failed(vitq_model_load(path.c_str(), &longer.known, &model), VITQ_USAGE, "does not know");
  // A shorter one ends before what it leaves out.
  vitq_load_options shorter = {};
  shorter.size = offsetof(vitq_load_options, threads);
  shorter.threads = -1;
  CHECK(vitq_model_load(path.c_str(), &shorter, &model) == VITQ_OK);
  vitq_model_close(model);
  shorter.size = sizeof(shorter);
  check_failed(vitq_model_load(path.c_str(), &shorter, &model), VITQ_USAGE, "threads");
}

TEST_CASE("images and tensors that do not fit are refused") {
  const TempFolder temp;
  const OpenModel model(make_model(temp));
  vitq_result result = 0;
  vitq_image image = {};
  image.size = sizeof(image);
  check_failed(vitq_classify(model, &image, 1, &result), VITQ_USAGE, "one of path, bytes and rgb");
  const std::uint8_t pixels[12] = {};
  image.rgb = pixels;
  check_failed(vitq_classify(model, &image, 1, &result), VITQ_USAGE, "0 x 0");
  image.width = image.height = 2;
  image.row_bytes = 5;
  check_failed(vitq_classify(model, &image, 1, &result), VITQ_USAGE, "row_bytes is 5");
  image.row_bytes = 0;
  check_failed(vitq_classify(model, &image, 0, &result), VITQ_USAGE, "k is 0");
  check_failed(vitq_detect(model, &image, 2.0F, &result), VITQ_USAGE, "threshold");
  check_failed(vitq_detect(model, &image, 0.5F, &result), VITQ_UNSUPPORTED, "does not detect");
  check_failed(vitq_features(model, &image, &result), VITQ_UNSUPPORTED, "not features");
  const std::string nowhere = "/no/such/file.png";
  const vitq_image missing = image_at(nowhere);
  check_failed(vitq_classify(model, &missing, 1, &result), VITQ_UNREADABLE, nowhere);

  const float values[3] = {};
  vitq_tensor tensor = {};
  tensor.size = sizeof(tensor);
  tensor.rank = 4;
  check_failed(vitq_run(model, &tensor, &result), VITQ_USAGE, "extent 0");
  std::fill_n(tensor.shape, 4, 1);
  check_failed(vitq_run(model, &tensor, &result), VITQ_USAGE, "data is null");
  tensor.data = values;
  check_failed(vitq_run(model, &tensor, &result), VITQ_USAGE, "[1, 1, 1, 1]");
  tensor.rank = 9;
  check_failed(vitq_run(model, &tensor, &result), VITQ_USAGE, "rank is 9");
  tensor.dtype = 9;
  check_failed(vitq_run(model, &tensor, &result), VITQ_USAGE, "dtype is 9");
  CHECK(result == 0);
}

TEST_CASE("files that are no models are told by their kind of error, in every thread by itself") {
  const TempFolder temp;
  vitq_model model = 0;
  check_failed(vitq_model_load("/no/such/file", nullptr, &model), VITQ_UNREADABLE, "/no/such/file");
  const std::string text = temp.file("text", "no model");
  check_failed(vitq_model_load(text.c_str(), nullptr, &model), VITQ_UNSUPPORTED, text);
  check_failed(vitq_model_load_bytes("x", 1, nullptr, &model), VITQ_UNSUPPORTED, "bytes");
  std::string damaged = contents_of(make_model(temp));
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  vitq_load_options options = {};
  options.size = sizeof(options);
  options.verify = 1;
  check_failed(vitq_model_load_bytes(damaged.data(), damaged.size(), &options, &model),
               VITQ_MISMATCH, "checksum");
  std::string elsewhere = "?";
  std::jthread([&] { elsewhere = vitq_last_error(); }).join();
  CHECK(elsewhere.empty());
  CHECK(std::strlen(vitq_last_error()) > 0);
}
