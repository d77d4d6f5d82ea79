// SPDX-License-Identifier: Apache-2.0
// Calls of the C interface in any order, with handles that may be closed, null pointers, and
// structs of any size and contents. A call that fails says why and hands nothing out. One that
// succeeds hands out a handle that was never there before, and that can be closed once.
#include "vitq/c.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "fuzz/c_files.h"
#include "fuzz/target.h"
#include "vitq/error.h"

namespace {

using vitq::test::files;

void require(bool condition) {
  if (!condition) __builtin_trap();
}

class Calls {
 public:
  explicit Calls(std::span<const std::uint8_t> input) : input_(input) {}
  ~Calls() {
    for (const std::uint64_t model : models_) require(vitq_model_close(model) == VITQ_OK);
    for (const std::uint64_t result : results_) require(vitq_result_free(result) == VITQ_OK);
  }

  bool next();
  bool succeeded() const { return !given_.empty(); }

 private:
  std::uint8_t byte() {
    if (input_.empty()) return 0;
    const std::uint8_t value = input_.front();
    input_ = input_.subspan(1);
    return value;
  }
  // Any handle: the first, second and so on that these calls were given, 0, or a number of none.
  std::uint64_t handle() {
    const std::size_t index = byte() % 32;
    if (index == 0) return 0;
    return index <= given_.size() ? given_[index - 1] : ~std::uint64_t{index};
  }

  // A struct with its size right, or with any, in memory of as many bytes as the library may look
  // at. Null at times.
  template <typename Struct>
  const Struct* filled(const Struct& values) {
    memory_.fill(std::byte{0});
    std::memcpy(memory_.data(), &values, sizeof(values));
    const std::uint8_t kind = byte();
    std::size_t size = sizeof(values);
    if (kind % 8 == 1) size = byte();
    if (kind % 8 == 2) size = std::size_t{64} * byte();
    if (kind % 8 == 3) size = ~std::size_t{byte()};
    if (kind % 8 == 4) memory_[sizeof(values) + byte()] = std::byte{1};
    std::memcpy(memory_.data(), &size, sizeof(size));
    return kind % 8 == 5 ? nullptr : reinterpret_cast<const Struct*>(memory_.data());
  }

  const vitq_image* image();
  const vitq_tensor* tensor();
  const char* const* paths();
  const vitq_measure_options* measuring();
  const vitq_coco_options* coco();
  const char* model_file();
  void measure(std::uint8_t call);
  void measure_objects(std::uint8_t call);
  void check(vitq_status status, const std::uint64_t& made, std::set<std::uint64_t>& open);
  void closed(vitq_status status, std::uint64_t handle, std::set<std::uint64_t>& open);

  std::span<const std::uint8_t> input_;
  std::set<std::uint64_t> models_, results_;  // that are open
  std::vector<std::uint64_t> given_;
  alignas(64) std::array<std::byte, 8192> memory_ = {};
  std::array<std::uint8_t, 3 * 16 * 16 + 64> pixels_ = {};
  std::array<const char*, 2> paths_ = {};
  std::array<std::int64_t, 2> labels_ = {};
  std::vector<float> values_ = std::vector<float>(3 * 32 * 32, 0.5F);
};

const vitq_image* Calls::image() {
  vitq_image image = {};
  const std::uint8_t kinds = byte();
  if ((kinds & 1U) != 0) image.path = "/no/such/image";
  if ((kinds & 16U) != 0) image.path = files().photo.c_str();
  if ((kinds & 2U) != 0) image.bytes = pixels_.data();
  image.byte_count = byte();
  if ((kinds & 4U) != 0) image.rgb = pixels_.data();
  image.width = byte() % 17;
  image.height = byte() % 17;
  image.row_bytes = (kinds & 8U) != 0 ? byte() % 49 : 0;
  return filled(image);
}

const vitq_tensor* Calls::tensor() {
  vitq_tensor tensor = {};
  if (byte() % 4 == 1) tensor.dtype = byte();
  tensor.rank = byte() % 4 == 1 ? byte() : 4;
  const std::int64_t usual[] = {1, 3, 16, 16};
  for (int i = 0; i < 4; ++i) tensor.shape[i] = byte() % 8 == 1 ? byte() - 1 : usual[i];
  tensor.data = byte() % 8 == 1 ? nullptr : values_.data();
  return filled(tensor);
}

const char* const* Calls::paths() {
  for (const char*& path : paths_) {
    const char* const kinds[] = {files().photo.c_str(), nullptr, files().annotations.c_str(),
                                 "/no/such/image"};
    path = kinds[byte() % 4];
  }
  return byte() % 8 == 1 ? nullptr : paths_.data();
}

const vitq_measure_options* Calls::measuring() {
  for (std::int64_t& label : labels_) label = byte() % 16 - 2;
  vitq_measure_options options = {};
  if (byte() % 2 == 1) options.labels = labels_.data();
  options.batch = byte() % 4 - 1;
  options.threads = byte() % 4 - 1;
  options.keep_going = byte() % 4 == 1 ? 0 : 1;
  return filled(options);
}

const vitq_coco_options* Calls::coco() {
  vitq_coco_options options = {};
  options.first = byte() - 1;
  options.count = byte() - 1;
  options.threads = byte() % 4 - 1;
  options.keep_going = byte() % 4 == 1 ? 0 : 1;
  options.ignore_unmatched = byte() % 2;
  return filled(options);
}

const char* Calls::model_file() {
  const char* const kinds[] = {files().classifier.c_str(), nullptr, files().detector.c_str(),
                               files().photo.c_str()};
  return kinds[byte() % 4];
}

void Calls::check(vitq_status status, const std::uint64_t& made, std::set<std::uint64_t>& open) {
  require((status == VITQ_OK) == (made != 0));
  require(status != VITQ_INTERNAL);
  if (status != VITQ_OK) return require(*vitq_last_error() != '\0');
  require(std::ranges::find(given_, made) == given_.end());
  open.insert(made);
  given_.push_back(made);
}

void Calls::closed(vitq_status status, std::uint64_t handle, std::set<std::uint64_t>& open) {
  require(status == (open.contains(handle) ? VITQ_OK : VITQ_USAGE));
  open.erase(handle);
}

void Calls::measure(std::uint8_t call) {
  std::uint64_t made = 0;
  const std::uint64_t model = handle();
  const std::uint64_t reference = handle();
  const std::size_t count = byte() % 3;
  const char* const* images = paths();
  const vitq_measure_options* options = measuring();
  check(call == 10 ? vitq_evaluate(model, images, count, options, &made)
                   : vitq_compare(model, reference, images, count, options, &made),
        made, results_);
}

void Calls::measure_objects(std::uint8_t call) {
  std::uint64_t made = 0;
  const std::uint64_t model = handle();
  const char* annotations = (byte() % 4 == 1 ? files().photo : files().annotations).c_str();
  if (call == 12) {
    const char* found = nullptr;  // of a call before, or any other
    (void)vitq_result_text(handle(), &found);
    const char* texts[] = {found, R"({"images": [2], "results": [{"image_id": 1}]})"};
    const std::size_t count = byte() % 3;
    check(vitq_coco_figures(model, annotations, texts, count, coco(), &made), made, results_);
    return;
  }
  check(vitq_coco_detect(model, annotations, files().folder.c_str(), coco(), &made), made,
        results_);
}

bool Calls::next() {
  if (input_.empty()) return false;
  std::uint64_t made = 0;
  switch (const std::uint8_t call = byte() % 15; call) {
    case 0: {
      vitq_load_options options = {};
      options.threads = byte() % 8 == 1 ? -1 : 1;
      const vitq_load_options* given = filled(options);
      check(vitq_model_load(model_file(), given, &made), made, models_);
      break;
    }
    case 1: {
      const std::uint64_t model = handle();
      closed(vitq_model_close(model), model, models_);
      break;
    }
    case 2: {
      const std::uint64_t result = handle();
      closed(vitq_result_free(result), result, results_);
      break;
    }
    case 3: {
      const char* text = nullptr;
      const std::uint64_t model = handle();
      require((vitq_model_info(model, &text) == VITQ_OK) == models_.contains(model));
      require((text != nullptr) == models_.contains(model));
      break;
    }
    case 4: {
      const vitq_class* items = nullptr;
      size_t count = 0;
      const std::uint64_t result = handle();
      require((vitq_result_classes(result, &items, &count) == VITQ_OK) ==
              results_.contains(result));
      for (std::size_t i = 0; i < count; ++i) require(std::strlen(items[i].label) > 0);
      break;
    }
    case 5: {
      const std::uint64_t model = handle();
      check(vitq_run(model, tensor(), &made), made, results_);
      break;
    }
    case 6: {
      const std::uint64_t model = handle();
      check(vitq_prepare(model, image(), byte() % 4 == 1 ? 0 : 1, &made), made, results_);
      break;
    }
    case 7: {
      const std::uint64_t model = handle();
      check(vitq_detect(model, image(), 0.5F, &made), made, results_);
      break;
    }
    case 8: {
      const std::uint64_t model = handle();
      check(vitq_features(model, image(), &made), made, results_);
      break;
    }
    case 10:
    case 11: measure(call); break;
    case 12:
    case 13: measure_objects(call); break;
    case 14: {
      const std::string& folder = byte() % 2 == 1 ? files().photo : files().folder;
      check(vitq_find_images(folder.c_str(), &made), made, results_);
      break;
    }
    default: {
      const std::uint64_t model = handle();
      const vitq_image* shown = image();
      check(vitq_classify(model, shown, byte() % 8, &made), made, results_);
    }
  }
  return true;
}

}  // namespace

void check(std::span<const std::uint8_t> input) {
  constexpr std::size_t kMost = 512;
  Calls calls(input.first(std::min(input.size(), kMost)));
  while (calls.next()) {
  }
  if (!calls.succeeded()) throw vitq::UnsupportedError("no call succeeded");
}
