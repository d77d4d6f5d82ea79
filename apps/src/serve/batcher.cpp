// SPDX-License-Identifier: Apache-2.0
#include "serve/batcher.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace vitq::apps {

namespace {

// Activations of more pixels than these would leave the cache, and those of detectors the memory.
constexpr std::int64_t kMostPixels = 1 << 20;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

Shape of_one(const Shape& batch) {
  return batch.with(0, 1);
}

std::size_t bytes_of_row(const Tensor& tensor) {
  return tensor.bytes() / static_cast<std::size_t>(tensor.shape()[0]);
}

std::byte* row_of(Tensor& tensor, std::int64_t row) {
  return tensor.data() + static_cast<std::size_t>(row) * bytes_of_row(tensor);
}

const std::byte* row_of(const Tensor& tensor, std::int64_t row) {
  return tensor.data() + static_cast<std::size_t>(row) * bytes_of_row(tensor);
}

}  // namespace

// A job of which some images may be done.
struct Batcher::Pending {
  Job job;
  Clock::time_point since = Clock::now();
  std::optional<Clock::time_point> begun = {};
  std::int64_t left = 0;  // images
  bool over = false;      // answered
  Outcome outcome = {};

  bool gone() const { return job.gone && *job.gone; }
  bool stale(Clock::time_point now) const { return over || job.deadline <= now || gone(); }
  void finish() {
    over = true;
    job.place.reset();  // before the client hears of it and asks the next
    job.done(std::move(outcome));
  }
  void fail(std::exception_ptr error) {
    if (over) return;
    outcome.error = std::move(error);
    finish();
  }
  void keep(std::int64_t row, const std::vector<Tensor>& outputs, std::int64_t of);
};

void Batcher::Pending::keep(std::int64_t row, const std::vector<Tensor>& outputs, std::int64_t of) {
  const std::int64_t images = job.input.shape()[0];
  if (outcome.outputs.empty()) {
    for (const Tensor& output : outputs) {
      outcome.outputs.emplace_back(output.shape().with(0, images), output.dtype());
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::memcpy(row_of(outcome.outputs[i], row), row_of(outputs[i], of), bytes_of_row(outputs[i]));
  }
  --left;
}

Batcher::Batcher(std::string name, const BatchOptions& options, Metrics& metrics)
    : name_(std::move(name)), options_(options), metrics_(metrics), thread_([this] { serve(); }) {}

Batcher::~Batcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
}

std::shared_ptr<Batcher::Place> Batcher::enter(std::size_t images) {
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
  return std::make_shared<Place>(*this, images);
}

void Batcher::leave(std::size_t images) {
  const std::lock_guard<std::mutex> lock(mutex_);
  inside_ -= images;
  metrics_.queued(name_, inside_);
}

void Batcher::submit(Job job) {
  const std::int64_t images = job.input.shape()[0];
  auto pending = std::make_shared<Pending>();
  pending->job = std::move(job);
  pending->left = images;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (std::int64_t row = 0; row < images; ++row) units_.push_back({pending, row});
  }
  changed_.notify_all();
}

void Batcher::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !units_.empty(); });
    if (units_.empty()) return;
    std::vector<Unit> stale = take_stale();
    std::vector<Unit> batch = units_.empty() ? std::vector<Unit>() : take_batch(lock);
    lock.unlock();
    answer_stale(stale);
    if (!batch.empty()) run(batch);
    stale.clear();  // Places are left here, which takes the lock.
    batch.clear();
    lock.lock();
  }
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
    if (unit.job->over) continue;
    const bool gone = unit.job->gone();
    metrics_.refused(name_, gone ? "client_gone" : "deadline");
    unit.job->fail(std::make_exception_ptr(
        gone ? HttpError(499, "the client has gone")
             : HttpError(504, "the request's time was up before '" + name_ + "' could answer")));
  }
}

// As many images like the first as may run together. Nothing overtakes images like itself.
std::vector<Batcher::Unit> Batcher::take_batch(std::unique_lock<std::mutex>& lock) {
  const std::shared_ptr<Pending> first = units_.front().job;
  const Shape shape = of_one(first->job.input.shape());
  const auto like_first = [&](const Unit& unit) {
    return unit.job->job.model == first->job.model && of_one(unit.job->job.input.shape()) == shape;
  };
  const auto fitting =
      static_cast<std::size_t>(std::max<std::int64_t>(1, kMostPixels / (shape[2] * shape[3])));
  const std::size_t most = std::bit_floor(std::min(options_.max_batch, fitting));
  const auto waiting = [&] {
    return static_cast<std::size_t>(std::ranges::count_if(units_, like_first));
  };
  const Clock::time_point until = std::min(first->since + options_.max_delay, first->job.deadline);
  changed_.wait_until(lock, until, [&] { return ending_ || waiting() >= most; });
  if (first->stale(Clock::now())) return {};
  const std::size_t count = std::bit_floor(std::min(most, waiting()));
  std::vector<Unit> batch;
  std::erase_if(units_, [&](Unit& unit) {
    const bool taken = batch.size() < count && like_first(unit);
    if (taken) batch.push_back(unit);
    return taken;
  });
  return batch;
}

// One image that cannot be answered shall not spoil the answers of the others.
void Batcher::run(const std::vector<Unit>& batch) {
  const Clock::time_point begin = Clock::now();
  for (const Unit& unit : batch) {
    if (!unit.job->begun) unit.job->begun = begin;
  }
  try {
    run_together(batch);
  } catch (const std::exception&) {
    if (batch.size() == 1) return batch[0].job->fail(std::current_exception());
    for (const Unit& unit : batch) run({unit});
  }
}

void Batcher::run_together(const std::vector<Unit>& batch) {
  const Clock::time_point begin = Clock::now();
  const Job& first = batch[0].job->job;
  const auto count = static_cast<std::int64_t>(batch.size());
  Tensor input(first.input.shape().with(0, count), first.input.dtype());
  for (std::int64_t i = 0; i < count; ++i) {
    const Unit& unit = batch[static_cast<std::size_t>(i)];
    std::memcpy(row_of(input, i), row_of(unit.job->job.input, unit.row), bytes_of_row(input));
  }
  const std::vector<Tensor> outputs = first.model->run(input);
  const double spent = milliseconds(Clock::now() - begin);
  metrics_.batch(name_, batch.size(), spent / 1000.0);
  const double share = spent / static_cast<double>(count);
  recent_ms_ = recent_ms_ == 0.0 ? share : 0.9 * recent_ms_ + 0.1 * share;
  for (std::int64_t i = 0; i < count; ++i) {
    const Unit& unit = batch[static_cast<std::size_t>(i)];
    Pending& pending = *unit.job;
    if (pending.over) continue;
    pending.keep(unit.row, outputs, i);
    pending.outcome.infer_ms += share;
    pending.outcome.batch = std::max(pending.outcome.batch, batch.size());
    if (pending.left > 0) continue;
    pending.outcome.queue_ms = milliseconds(*pending.begun - pending.since);
    metrics_.waited(name_, pending.outcome.queue_ms / 1000.0);
    pending.finish();
  }
}

}  // namespace vitq::apps
