// SPDX-License-Identifier: Apache-2.0
// What several threads make is taken in order, errors at their places.
#include "vitq/in_order.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace vitq;

namespace {

// Later items are often done first.
void dawdle(std::size_t i) {
  std::this_thread::sleep_for(std::chrono::microseconds(i * 7919 % 13 * 50));
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

}  // namespace

TEST_CASE("results are taken in order, once each, on the caller's thread") {
  for (const int threads : {1, 2, 5}) {
    for (const std::size_t count : std::initializer_list<std::size_t>{0, 1, 2, 4, 7, 100}) {
      std::vector<std::atomic<int>> made(count);
      std::vector<std::size_t> taken;
      const auto make = [&](std::size_t i) {
        dawdle(i);
        ++made[i];
        return std::make_unique<std::size_t>(i);
      };
      const auto take = [&, caller = std::this_thread::get_id()](std::unique_ptr<std::size_t> i) {
        CHECK(std::this_thread::get_id() == caller);
        taken.push_back(*i);
      };
      in_order(count, threads, make, take);
      CAPTURE(threads);
      CHECK(taken == first(count));
      for (const std::atomic<int>& times : made) CHECK(times == 1);
    }
  }
}

TEST_CASE("an error is thrown at its place, and what comes before it is taken") {
  for (const int threads : {1, 2, 5}) {
    std::vector<std::size_t> taken;
    const auto make = [](std::size_t i) {
      dawdle(i);
      if (i == 20 || i == 21) throw std::runtime_error(std::to_string(i));
      return i;
    };
    CAPTURE(threads);
    CHECK_THROWS_WITH(in_order(100, threads, make, [&taken](std::size_t i) { taken.push_back(i); }),
                      "20");
    CHECK(taken == first(20));
  }
}

TEST_CASE("after an error of the taker nothing more is begun") {
  for (const int threads : {1, 2, 5}) {
    std::atomic<std::size_t> made = 0;
    const auto make = [&made](std::size_t i) {
      ++made;
      return i;
    };
    const auto take = [](std::size_t i) {
      if (i == 3) throw std::runtime_error("full");
    };
    CAPTURE(threads);
    CHECK_THROWS_WITH(in_order(1000, threads, make, take), "full");
    CHECK(made <= 4 + static_cast<std::size_t>(threads) + 2);
  }
}

TEST_CASE("no more results wait than there are places for") {
  for (const int threads : {1, 2, 5}) {
    std::atomic<std::size_t> made = 0;
    std::size_t most = 0;
    const auto make = [&made](std::size_t i) {
      ++made;
      return i;
    };
    const auto take = [&](std::size_t i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      most = std::max(most, made - i);
    };
    in_order(60, threads, make, take);
    CAPTURE(threads);
    CHECK(most <= static_cast<std::size_t>(threads) + 3);
    if (threads == 1) CHECK(most == 1);
  }
}

TEST_CASE("one thread is the caller's alone, and several are as many as are useful") {
  for (const int threads : {1, 2, 5}) {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    const auto make = [&](std::size_t i) {
      dawdle(i);
      const std::lock_guard<std::mutex> lock(mutex);
      seen.insert(std::this_thread::get_id());
      return i;
    };
    in_order(200, threads, make, [](std::size_t) {});
    CHECK(seen.size() <= static_cast<std::size_t>(threads));
    if (threads == 1) CHECK(seen == std::set{std::this_thread::get_id()});
  }
}
