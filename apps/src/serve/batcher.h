// SPDX-License-Identifier: Apache-2.0
// One model's queue. Images of one shape that wait together go through the network together.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/http/message.h"
#include "serve/metrics.h"
#include "vitq/model.h"

namespace vitq::apps {

struct BatchOptions {
  // Batches are of 1, 2, 4 or 8 images, so that a model keeps an Executable for each.
  std::size_t max_batch = 8;
  std::chrono::microseconds max_delay{0};  // that an image waits for others
  std::size_t max_queue = 128;             // images that are accepted and not yet answered
};

// What became of a request's images.
struct Outcome {
  std::vector<Tensor> outputs;    // each [N, ...]
  double queue_ms = 0.0;          // until the first of them was taken up
  double infer_ms = 0.0;          // of the batches that they were in, an equal share for each image
  std::size_t batch = 0;          // the largest of these
  std::exception_ptr error = {};  // why there are no outputs
};

class Batcher {
 public:
  using Done = std::function<void(Outcome)>;

  // What a request may take up of the queue, until it is destroyed.
  class Place {
   public:
    Place(Batcher& batcher, std::size_t images) : batcher_(&batcher), images_(images) {}
    ~Place() { batcher_->leave(images_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Batcher* batcher_;
    std::size_t images_;
  };

  // A request whose images are ready.
  struct Job {
    std::shared_ptr<Place> place;
    std::shared_ptr<const Model> model;  // that the input was made for
    Tensor input;                        // [N, 3, H, W]
    Clock::time_point deadline = Clock::time_point::max();
    std::shared_ptr<const std::atomic<bool>> gone;  // nobody waits any more
    Done done = {};
  };

  // `metrics` outlives this and calls the model `name`.
  Batcher(std::string name, const BatchOptions& options, Metrics& metrics);
  // Does what was accepted.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Throws HttpError: 429 with Retry-After if the queue is full, 413 if it will never hold so much.
  std::shared_ptr<Place> enter(std::size_t images);
  // `done` is called once, on the thread of the queue.
  void submit(Job job);

 private:
  struct Pending;
  struct Unit {  // one image of a request
    std::shared_ptr<Pending> job;
    std::int64_t row = 0;
  };

  void leave(std::size_t images);
  void serve();
  std::vector<Unit> take_stale();
  std::vector<Unit> take_batch(std::unique_lock<std::mutex>& lock);
  void answer_stale(const std::vector<Unit>& units);
  void run(const std::vector<Unit>& batch);
  void run_together(const std::vector<Unit>& batch);

  std::string name_;
  BatchOptions options_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Unit> units_;
  std::size_t inside_ = 0;               // images that have a place
  std::atomic<double> recent_ms_ = 0.0;  // of an image, for Retry-After
  bool ending_ = false;
  std::jthread thread_;
};

}  // namespace vitq::apps
