// SPDX-License-Identifier: Apache-2.0
// What a call answers, with all that the structs of the interface point at.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vitq/c.h"
#include "vitq/json.h"
#include "vitq/model.h"

namespace vitq::c {

class Result {
 public:
  void add(std::string name, Tensor tensor);
  void set(std::vector<Prediction> classes);
  void set(std::vector<Detection> objects);
  void set(const Json& json) { text_ = json.dump(); }

  // They hold until the next add() or set().
  std::span<const vitq_tensor> tensors() const { return tensor_items_; }
  std::span<const vitq_class> classes() const { return class_items_; }
  std::span<const vitq_object> objects() const { return object_items_; }
  const std::string& text() const { return text_; }

 private:
  struct Named {
    std::string name;
    Tensor tensor;
  };
  std::vector<Named> tensors_;
  std::vector<Prediction> classes_;
  std::vector<Detection> objects_;
  std::string text_;
  std::vector<vitq_tensor> tensor_items_;
  std::vector<vitq_class> class_items_;
  std::vector<vitq_object> object_items_;
};

// Hands a result out under a number of its own.
vitq_result hand_out(Result result);

}  // namespace vitq::c
