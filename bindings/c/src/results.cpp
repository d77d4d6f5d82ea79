// SPDX-License-Identifier: Apache-2.0
#include "results.h"

#include "call.h"
#include "handles.h"

namespace vitq::c {

namespace {

Handles<Result>& results() {
  static Handles<Result> handles("result");
  return handles;
}

vitq_tensor item_of(const std::string& name, const Tensor& tensor) {
  vitq_tensor item = {};
  item.size = sizeof(item);
  item.name = name.c_str();
  item.dtype = tensor.dtype() == DType::kU8 ? VITQ_U8 : VITQ_F32;
  item.rank = tensor.shape().rank();
  std::ranges::copy(tensor.shape().dims(), item.shape);
  item.data = tensor.data();
  return item;
}

template <typename Item>
vitq_status list(vitq_result result, const Item** items, size_t* count,
                 std::span<const Item> (Result::*list_of)() const) {
  return call([&] {
    const std::span<const Item> found = (*results().at(result).*list_of)();
    required(items, "items") = found.data();
    required(count, "count") = found.size();
  });
}

}  // namespace

static_assert(VITQ_MAX_RANK == Shape::kMaxRank);

std::uint64_t next_handle() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

void Result::add(std::string name, Tensor tensor) {
  tensors_.push_back({std::move(name), std::move(tensor)});
  tensor_items_.clear();
  for (const Named& each : tensors_) tensor_items_.push_back(item_of(each.name, each.tensor));
}

void Result::set(std::vector<Prediction> classes) {
  classes_ = std::move(classes);
  class_items_.clear();
  for (const Prediction& each : classes_) {
    class_items_.push_back({each.id, each.label.c_str(), each.score});
  }
}

void Result::set(std::vector<Detection> objects) {
  objects_ = std::move(objects);
  object_items_.clear();
  for (const Detection& each : objects_) {
    object_items_.push_back({each.id, each.label.c_str(), each.score, each.box.x0, each.box.y0,
                             each.box.x1, each.box.y1, each.query});
  }
}

vitq_result hand_out(Result result) {
  // The items point into the vectors, which keep their memory when they are moved.
  return results().add(std::make_shared<Result>(std::move(result)));
}

}  // namespace vitq::c

using vitq::c::Result;

vitq_status vitq_result_tensors(vitq_result result, const vitq_tensor** items, size_t* count) {
  return vitq::c::list(result, items, count, &Result::tensors);
}

vitq_status vitq_result_classes(vitq_result result, const vitq_class** items, size_t* count) {
  return vitq::c::list(result, items, count, &Result::classes);
}

vitq_status vitq_result_objects(vitq_result result, const vitq_object** items, size_t* count) {
  return vitq::c::list(result, items, count, &Result::objects);
}

vitq_status vitq_result_text(vitq_result result, const char** text) {
  return vitq::c::call(
      [&] { vitq::c::required(text, "text") = vitq::c::results().at(result)->text().c_str(); });
}

vitq_status vitq_result_free(vitq_result result) {
  return vitq::c::call([&] { vitq::c::results().take(result); });
}
