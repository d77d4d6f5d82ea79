// SPDX-License-Identifier: Apache-2.0
// A request's images on their way through a model's queue.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "serve/http/message.h"
#include "vitq/model.h"

namespace vitq::apps {

// What became of them.
struct Outcome {
  std::vector<Tensor> outputs;    // each [N, ...]
  double queue_ms = 0.0;          // until the first of them was taken up
  double infer_ms = 0.0;          // of the batches that they were in, an equal share for each image
  std::size_t batch = 0;          // the largest of these
  std::exception_ptr error = {};  // why there are no outputs
};

// What is taken up of a queue, until its last owner is gone.
using Place = std::shared_ptr<void>;

struct BatchJob {
  Place place;
  std::shared_ptr<const Model> model;   // that the input was made for, on all threads
  std::shared_ptr<const Model> single;  // the same on one thread
  Tensor input;                         // [N, 3, H, W]
  Clock::time_point deadline = Clock::time_point::max();
  std::shared_ptr<const std::atomic<bool>> gone;  // nobody waits any more
  std::function<void(Outcome)> done = {};         // is called once
};

// A job of which some images may be done. Several threads may have some of them.
class PendingJob {
 public:
  explicit PendingJob(BatchJob job) : job_(std::move(job)), left_(job_.input.shape()[0]) {}

  const BatchJob& job() const { return job_; }
  Clock::time_point since() const { return since_; }
  bool gone() const { return job_.gone && *job_.gone; }
  // Whether running its images would be of no use.
  bool stale(Clock::time_point now) const { return over_ || job_.deadline <= now || gone(); }
  // Whether its images may be in one batch with those of the other.
  bool alike(const PendingJob& other) const;

  void begin(Clock::time_point now);
  // Keeps the outputs of image `row`, which was the `of`-th of a batch of `size` and took `ms`.
  // After the last one it says what the job waited, in milliseconds, and finish() has to be called.
  std::optional<double> keep(std::int64_t row, const std::vector<Tensor>& outputs, std::int64_t of,
                             std::size_t size, double ms);
  void finish();  // answers the job
  // Answers it with an error, unless it is answered already.
  void fail(std::exception_ptr error);
  bool answered() const { return over_; }

 private:
  void answer();

  BatchJob job_;
  Clock::time_point since_ = Clock::now();
  std::atomic<bool> over_ = false;  // answered
  std::mutex mutex_;                // of the rest
  std::optional<Clock::time_point> begun_ = {};
  std::int64_t left_;  // images
  Outcome outcome_;
};

// Image `row` of a batch, as bytes.
std::span<std::byte> row_of(Tensor& tensor, std::int64_t row);
std::span<const std::byte> row_of(const Tensor& tensor, std::int64_t row);

}  // namespace vitq::apps
