// SPDX-License-Identifier: Apache-2.0
#include "core/team.h"

#include <unistd.h>

#include <chrono>
#include <exception>

#include "core/cpu.h"
#include "core/one_thread.h"

namespace vitq {

Team::Team(int threads)
    : threads_(threads), process_(getpid()), seats_(static_cast<std::size_t>(threads - 1)) {
  helpers_.reserve(seats_.size());
  try {
    for (std::int64_t share = 1; share < threads; ++share) start_helper(share);
  } catch (const std::exception&) {
    return;  // There are no more threads to be had, and a run needs none.
  }
}

void Team::start_helper(std::int64_t share) {
  helpers_.emplace_back([this, share] { serve(seat_of(share), share); });
}

Team::~Team() {
  const bool forked = getpid() != process_;
  for (std::size_t i = 0; i < helpers_.size(); ++i) {
    seats_[i].state.store(State::kEnd);
    seats_[i].state.notify_one();
    if (forked) {
      helpers_[i].detach();
    } else {
      helpers_[i].join();
    }
  }
}

void Team::run_shares(std::int64_t shares) {
  if (shares < 1) return;
  for (std::int64_t share = 1; share < shares; ++share) {
    std::atomic<State>& state = seat_of(share).state;
    if (state.exchange(State::kOffered) == State::kAsleep) state.notify_one();
  }
  call_(body_, 0);
  for (std::int64_t share = 1; share < shares; ++share) {
    State offered = State::kOffered;
    if (seat_of(share).state.compare_exchange_strong(offered, State::kIdle)) call_(body_, share);
  }
  for (std::int64_t share = 1; share < shares; ++share) wait_for(seat_of(share));
}

void Team::wait_for(Seat& seat) {
  if (changes_soon(seat, State::kTaken)) return;
  State taken = State::kTaken;
  if (seat.state.compare_exchange_strong(taken, State::kAwaited)) seat.state.wait(State::kAwaited);
}

void Team::serve(Seat& seat, std::int64_t share) const {
  const OneThread one_thread;
  while (true) {
    await_offer(seat);
    State offered = State::kOffered;
    if (seat.state.compare_exchange_strong(offered, State::kTaken)) {
      call_(body_, share);
      if (seat.state.exchange(State::kIdle) == State::kAwaited) seat.state.notify_one();
    } else if (offered == State::kEnd) {
      return;
    }
  }
}

void Team::await_offer(Seat& seat) {
  if (changes_soon(seat, State::kIdle)) return;
  State idle = State::kIdle;
  if (seat.state.compare_exchange_strong(idle, State::kAsleep)) seat.state.wait(State::kAsleep);
}

// Whether the seat leaves `state` within a time that is short beside the scheduler's slices and
// long beside the gaps between steps. Sleeping and waking would take about as long.
bool Team::changes_soon(const Seat& seat, State state) {
  constexpr std::chrono::microseconds kSoon{100};
  constexpr int kLooks = 32;
  const auto end = std::chrono::steady_clock::now() + kSoon;
  do {
    for (int i = 0; i < kLooks; ++i) {
      if (seat.state.load() != state) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace vitq
