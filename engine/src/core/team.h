// SPDX-License-Identifier: Apache-2.0
// The threads that share the steps of a run. A thread that gets no CPU is waited for only in the
// middle of its share, and whoever waits sleeps soon. So other work on the machine slows a run by
// the CPU that it takes. At OpenMP's barriers a run would burn many times as much.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace vitq {

// A caller, who is one thread at a time, and its helpers.
class Team {
 public:
  // The caller counts as one of `threads`. What the system refuses to start, the caller does.
  explicit Team(int threads);
  // In the child of a fork the helpers do not exist, and are not waited for.
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }

  // Calls body(share) for every share in [0, shares), of which there are at most threads().
  // Neighbouring calls give a share to the same thread, but the caller takes those that no helper
  // has begun when its own is done. The body must not throw. Calls do not nest.
  template <typename Body>
  void run(std::int64_t shares, const Body& body) {
    body_ = &body;
    call_ = [](const void* of, std::int64_t share) { (*static_cast<const Body*>(of))(share); };
    run_shares(shares);
  }

 private:
  // Of what a helper is offered. kAsleep: the helper sleeps until there is something;
  // kAwaited: the caller sleeps until the helper is done.
  enum class State : int { kIdle, kOffered, kTaken, kAsleep, kAwaited, kEnd };
  // Cache lines are fetched in pairs.
  struct alignas(128) Seat {
    std::atomic<State> state{State::kIdle};
  };

  void run_shares(std::int64_t shares);
  void start_helper(std::int64_t share);
  void serve(Seat& seat, std::int64_t share) const;
  static void await_offer(Seat& seat);
  static void wait_for(Seat& seat);
  static bool changes_soon(const Seat& seat, State state);
  Seat& seat_of(std::int64_t share) { return seats_[static_cast<std::size_t>(share) - 1]; }

  int threads_;
  pid_t process_;
  const void* body_ = nullptr;
  void (*call_)(const void* body, std::int64_t share) = nullptr;
  std::vector<Seat> seats_;  // of the helpers: share i is that of seat i - 1
  std::vector<std::thread> helpers_;
};

}  // namespace vitq
