// SPDX-License-Identifier: Apache-2.0
// Work on several threads whose results are taken one by one, in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace vitq {

// The state that the threads of in_order() share.
template <typename Make>
class OrderedWork {
 public:
  using Result = decltype(std::declval<const Make&>()(std::size_t{0}));

  // Results that wait to be taken, and those in the making, are at most `threads` + 2.
  OrderedWork(std::size_t count, int threads, const Make& make)
      : count_(count), make_(make), places_(static_cast<std::size_t>(threads) + 2) {
    try {
      const std::size_t useful = std::min(static_cast<std::size_t>(threads), count);
      for (std::size_t i = 1; i < useful; ++i) helpers_.emplace_back([this] { help(); });
    } catch (const std::system_error&) {
      return;  // There are no more threads to be had, and the caller needs none.
    }
  }

  // Waits for what has been begun. Nothing else is.
  ~OrderedWork() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      count_ = 0;
    }
    changed_.notify_all();
  }
  OrderedWork(const OrderedWork&) = delete;
  OrderedWork& operator=(const OrderedWork&) = delete;

  // The next result. While others make it, the caller makes a later one.
  Result take() {
    std::unique_lock<std::mutex> lock(mutex_);
    Place& place = place_of(taken_);
    while (!place.result && !place.error) {
      if (may_begin()) {
        make_next(lock);
      } else {
        changed_.wait(lock);
      }
    }
    ++taken_;
    const std::exception_ptr error = std::exchange(place.error, nullptr);
    std::optional<Result> result = std::exchange(place.result, std::nullopt);
    lock.unlock();
    changed_.notify_all();
    if (error) std::rethrow_exception(error);
    return std::move(*result);
  }

 private:
  struct Place {
    std::optional<Result> result;
    std::exception_ptr error;
  };

  Place& place_of(std::size_t index) { return places_[index % places_.size()]; }
  bool may_begin() const { return begun_ < count_ && begun_ < taken_ + places_.size(); }

  void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (begun_ < count_) {
      if (may_begin()) {
        make_next(lock);
      } else {
        changed_.wait(lock);
      }
    }
  }

  void make_next(std::unique_lock<std::mutex>& lock) {
    const std::size_t index = begun_++;
    lock.unlock();
    Place made;
    try {
      made.result.emplace(make_(index));
    } catch (...) {
      made.error = std::current_exception();
    }
    lock.lock();
    place_of(index) = std::move(made);
    changed_.notify_all();
  }

  std::size_t count_;
  const Make& make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t begun_ = 0;
  std::size_t taken_ = 0;
  std::vector<Place> places_;
  std::vector<std::jthread> helpers_;  // They end before the rest does.
};

// Calls make(i) for every i below `count` on `threads` threads, the caller's among them, and
// take(make(i)) on the caller's, by rising i. So make() must be thread-safe, and take() need not.
// With one thread they alternate. What make(i) throws is thrown where its result would be taken;
// after it, or what take() throws, nothing more is begun.
template <typename Make, typename Take>
void in_order(std::size_t count, int threads, const Make& make, const Take& take) {
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) take(make(i));
    return;
  }
  OrderedWork<Make> work(count, threads, make);
  for (std::size_t i = 0; i < count; ++i) take(work.take());
}

}  // namespace vitq
