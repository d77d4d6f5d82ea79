// SPDX-License-Identifier: Apache-2.0
// One model's queue. Images of one shape that wait together go through the network together.
//
// A single image is shared out among all threads, so that its answer comes soon. Where more wait,
// each thread takes a batch of its own, which gets more done. Large images go one by one, on all
// threads: their activations would fill the memory.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/batch_job.h"
#include "serve/metrics.h"

namespace vitq::apps {

struct BatchOptions {
  int lanes = 1;  // threads with a batch of their own
  // Batches are of 1, 2, 4 or 8 images, so that a model keeps an Executable for each.
  std::size_t max_batch = 8;
  std::chrono::microseconds max_delay{0};  // that an image waits for others
  std::size_t max_queue = 128;             // images that are accepted and not yet answered
};

class Batcher {
 public:
  // `metrics` outlives this and calls the model `name`.
  Batcher(std::string name, const BatchOptions& options, Metrics& metrics);
  // Does what was accepted.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Throws HttpError: 429 with Retry-After if the queue is full, 413 if it will never hold so much.
  Place enter(std::size_t images);
  // `job.done` is called on a thread of the queue.
  void submit(BatchJob job);

 private:
  struct Unit {  // one image of a job
    std::shared_ptr<PendingJob> job;
    std::int64_t row = 0;
  };
  struct Batch {
    std::vector<Unit> units;
    bool on_all_threads = false;
  };

  void leave(std::size_t images);
  void serve();
  bool may_begin() const;
  std::vector<Unit> take_stale();
  Batch take_batch(std::unique_lock<std::mutex>& lock);
  std::size_t waiting_like(const PendingJob& first) const;
  void answer_stale(const std::vector<Unit>& units);
  void run(const Batch& batch);
  void run_together(const Batch& batch);

  std::string name_;
  BatchOptions options_;
  Metrics& metrics_;
  std::atomic<double> recent_ms_ = 0.0;  // of an image, for Retry-After
  std::mutex mutex_;                     // of the rest
  std::condition_variable changed_;
  std::deque<Unit> units_;
  std::size_t inside_ = 0;  // images that have a place
  int busy_ = 0;            // lanes
  bool exclusive_ = false;  // one of them has all threads
  bool ending_ = false;
  std::vector<std::jthread> lanes_;
};

}  // namespace vitq::apps
