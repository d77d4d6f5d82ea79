// SPDX-License-Identifier: Apache-2.0
// A team does every share once, whether its helpers get a CPU or not.
#include "core/team.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

using namespace vitq;
using namespace std::chrono_literals;

namespace {

// Whether `flag` is set before a time that no test should ever take.
bool comes_true(const std::atomic<bool>& flag) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!flag && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return flag;
}

// The sum of what `runs` runs of the team's shares add, each run's from the last one's sums.
std::int64_t chained_sum(Team& team, int runs) {
  std::array<std::int64_t, 8> sums = {};
  const auto count = static_cast<std::size_t>(team.threads());
  for (int i = 0; i < runs; ++i) {
    std::array<std::int64_t, 8> next = {};
    team.run(team.threads(), [&](std::int64_t share) {
      const auto own = static_cast<std::size_t>(share);
      next[own] = (sums[(own + 1) % count] * 31 + share + i) % 1'000'003;
    });
    sums = next;
  }
  std::int64_t all = 0;
  for (const std::int64_t sum : sums) all += sum;
  return all;
}

std::int64_t chained_sum_alone(int threads, int runs) {
  std::array<std::int64_t, 8> sums = {};
  for (int i = 0; i < runs; ++i) {
    std::array<std::int64_t, 8> next = {};
    for (int own = 0; own < threads; ++own) {
      const auto neighbour = static_cast<std::size_t>((own + 1) % threads);
      next[static_cast<std::size_t>(own)] = (sums[neighbour] * 31 + own + i) % 1'000'003;
    }
    sums = next;
  }
  std::int64_t all = 0;
  for (const std::int64_t sum : sums) all += sum;
  return all;
}

}  // namespace

TEST_CASE("a team calls every share once, and none where there is none") {
  for (int threads = 1; threads <= 5; ++threads) {
    Team team(threads);
    CHECK(team.threads() == threads);
    for (int shares = 0; shares <= threads; ++shares) {
      std::array<std::atomic<int>, 5> calls = {};
      team.run(shares, [&](std::int64_t share) { ++calls[static_cast<std::size_t>(share)]; });
      for (int share = 0; share < 5; ++share) {
        CHECK(calls[static_cast<std::size_t>(share)] == (share < shares ? 1 : 0));
      }
    }
  }
}

TEST_CASE("each run sees all that the run before it wrote, with more threads than CPUs") {
  std::vector<std::int64_t> sums(4);
  {
    std::vector<std::jthread> callers;
    for (std::int64_t& sum : sums) {
      callers.emplace_back([&sum] {
        Team team(4);
        sum = chained_sum(team, 2000);
      });
    }
  }
  for (const std::int64_t sum : sums) CHECK(sum == chained_sum_alone(4, 2000));
}

TEST_CASE("a helper that has gone to sleep wakes for its share, and is waited for") {
  Team team(2);
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(2ms);  // The helper stops looking long before.
    std::atomic<bool> begun = false;
    bool done = false;
    bool met = false;
    team.run(2, [&](std::int64_t share) {
      if (share == 0) {
        met = comes_true(begun);
      } else {
        begun = true;
        std::this_thread::sleep_for(2ms);  // The caller stops looking, too.
        done = true;
      }
    });
    CHECK(met);
    CHECK(done);
  }
}

TEST_CASE("the caller does what no helper begins: after a fork there is none") {
  auto team = std::make_unique<Team>(3);
  CHECK(chained_sum(*team, 10) == chained_sum_alone(3, 10));
  const pid_t child = fork();
  if (child == 0) {
    const bool right = chained_sum(*team, 10) == chained_sum_alone(3, 10);
    team.reset();  // It waits for nobody.
    _exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(chained_sum(*team, 10) == chained_sum_alone(3, 10));
}
