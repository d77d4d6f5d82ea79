// SPDX-License-Identifier: Apache-2.0
// What the plans and sessions of one network share (vitq/lower.h).
#pragma once

#include <any>
#include <map>
#include <mutex>
#include <string>

#include "vitq/lower.h"

namespace vitq {

class WeightCache {
 public:
  // The value of this key, made by `make` when it is first asked for; the copies share their
  // storage. Every key stands for one type, and `make` may not ask for another. Keys of constants
  // that lowering makes begin with "lower/".
  template <typename T, typename Make>
  T get(const std::string& key, const Make& make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::any& entry = entries_[key];
    if (!entry.has_value()) entry = T(make());
    return std::any_cast<T>(entry);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::any, std::less<>> entries_;
};

}  // namespace vitq
