// SPDX-License-Identifier: Apache-2.0
#include "serve/batcher.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vitq::apps {

namespace {

// How many images of this shape may run together, whatever the options say.
std::size_t most_together(const Shape& shape) {
  constexpr std::int64_t kMostPixels = 1 << 20;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, kMostPixels / (shape[2] * shape[3])));
}

}  // namespace

Batcher::Batcher(std::string name, const BatchOptions& options, Metrics& metrics)
    : name_(std::move(name)), options_(options), metrics_(metrics) {
  for (int lane = 0; lane < options_.lanes; ++lane) lanes_.emplace_back([this] { serve(); });
}

Batcher::~Batcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  lanes_.clear();  // They end before the rest does.
}

Place Batcher::enter(std::size_t images) {
  if (images > options_.max_queue) {
    throw HttpError(413, std::to_string(images) + " images are more than the queue of '" + name_ +
                             "' holds, " + std::to_string(options_.max_queue));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (inside_ + images > options_.max_queue) {
    metrics_.refused(name_, "queue_full");
    const double seconds = std::ceil(static_cast<double>(inside_) * recent_ms_ / 1000.0);
    const int wait = static_cast<int>(std::clamp(seconds, 1.0, 60.0));
    throw HttpError(429, "the queue of '" + name_ + "' is full",
                    {{"Retry-After", std::to_string(wait)}});
  }
  inside_ += images;
  metrics_.queued(name_, inside_);
  return {this, [images](Batcher* batcher) { batcher->leave(images); }};
}

void Batcher::leave(std::size_t images) {
  const std::lock_guard<std::mutex> lock(mutex_);
  inside_ -= images;
  metrics_.queued(name_, inside_);
}

void Batcher::submit(BatchJob job) {
  const std::int64_t images = job.input.shape()[0];
  const auto pending = std::make_shared<PendingJob>(std::move(job));
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::int64_t row = 0; row < images; ++row) units_.push_back({pending, row});
  }
  changed_.notify_all();
}

// One lane.
void Batcher::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return may_begin() || (ending_ && units_.empty()); });
    if (units_.empty()) return;
    const std::vector<Unit> stale = take_stale();
    const Batch batch = units_.empty() ? Batch() : take_batch(lock);
    const bool works = !batch.units.empty();
    if (works) ++busy_;
    if (batch.on_all_threads) exclusive_ = true;
    lock.unlock();
    answer_stale(stale);
    if (works) run(batch);
    lock.lock();
    if (works) --busy_;
    if (batch.on_all_threads) exclusive_ = false;
    changed_.notify_all();
  }
}

bool Batcher::may_begin() const {
  if (units_.empty() || exclusive_) return false;
  return busy_ == 0 || most_together(units_.front().job->job().input.shape()) > 1;
}

// Images whose time is up, or which nobody waits for.
std::vector<Batcher::Unit> Batcher::take_stale() {
  const Clock::time_point now = Clock::now();
  std::vector<Unit> stale;
  std::erase_if(units_, [&](Unit& unit) {
    const bool useless = unit.job->stale(now);
    if (useless) stale.push_back(unit);
    return useless;
  });
  return stale;
}

void Batcher::answer_stale(const std::vector<Unit>& units) {
  for (const Unit& unit : units) {
    if (unit.job->answered()) continue;
    const bool gone = unit.job->gone();
    const HttpError error =
        gone ? HttpError(499, "the client has gone")
             : HttpError(504, "the request's time was up before '" + name_ + "' could answer");
    metrics_.refused(name_, gone ? "client_gone" : "deadline");
    unit.job->fail(std::make_exception_ptr(error));
  }
}

std::size_t Batcher::waiting_like(const PendingJob& first) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(units_, [&](const Unit& unit) { return unit.job->alike(first); }));
}

// As many images like the first as may run together. Nothing overtakes images like itself.
Batcher::Batch Batcher::take_batch(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<PendingJob> first = units_.front().job;
  const std::size_t together = most_together(first->job().input.shape());
  const std::size_t most = std::bit_floor(std::min(options_.max_batch, together));
  const Clock::time_point until =
      std::min(first->since() + options_.max_delay, first->job().deadline);
  if (Clock::now() < until) {
    changed_.wait_until(lock, until, [&] { return ending_ || waiting_like(*first) >= most; });
    // Another lane may have been faster.
    if (!may_begin() || units_.front().job != first || first->stale(Clock::now())) return {};
  }
  const std::size_t waiting = waiting_like(*first);
  // A short queue is answered sooner in small batches, of which each lane has some.
  const std::size_t share = waiting / static_cast<std::size_t>(options_.lanes);
  const std::size_t count = std::bit_floor(std::clamp<std::size_t>(share, 1, most));
  Batch batch;
  batch.on_all_threads = busy_ == 0 && (waiting == 1 || together == 1);
  std::erase_if(units_, [&](Unit& unit) {
    const bool taken = batch.units.size() < count && unit.job->alike(*first);
    if (taken) batch.units.push_back(unit);
    return taken;
  });
  return batch;
}

// One image that cannot be answered shall not spoil the answers of the others.
void Batcher::run(const Batch& batch) {
  const Clock::time_point begin = Clock::now();
  for (const Unit& unit : batch.units) unit.job->begin(begin);
  try {
    run_together(batch);
  } catch (const std::exception&) {
    if (batch.units.size() == 1) {
      batch.units[0].job->fail(std::current_exception());
      return;
    }
    for (const Unit& unit : batch.units) run({{unit}, batch.on_all_threads});
  }
}

void Batcher::run_together(const Batch& batch) {
  const Clock::time_point begin = Clock::now();
  const BatchJob& first = batch.units[0].job->job();
  const std::size_t size = batch.units.size();
  Tensor input(first.input.shape().with(0, static_cast<std::int64_t>(size)), first.input.dtype());
  for (std::size_t i = 0; i < size; ++i) {
    const Unit& unit = batch.units[i];
    std::ranges::copy(row_of(std::as_const(unit.job->job().input), unit.row),
                      row_of(input, static_cast<std::int64_t>(i)).begin());
  }
  const std::vector<Tensor> outputs =
      batch.on_all_threads ? first.model->run(input) : first.single->run(input);
  const std::chrono::duration<double, std::milli> spent = Clock::now() - begin;
  metrics_.batch(name_, size, spent.count() / 1000.0);
  const double ms = spent.count() / static_cast<double>(size);
  recent_ms_ = recent_ms_ == 0.0 ? ms : 0.9 * recent_ms_ + 0.1 * ms;
  for (std::size_t i = 0; i < size; ++i) {
    const Unit& unit = batch.units[i];
    const auto of = static_cast<std::int64_t>(i);
    const std::optional<double> waited = unit.job->keep(unit.row, outputs, of, size, ms);
    if (!waited) continue;
    metrics_.waited(name_, *waited / 1000.0);
    unit.job->finish();
  }
}

}  // namespace vitq::apps
