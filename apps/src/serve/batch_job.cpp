// SPDX-License-Identifier: Apache-2.0
#include "serve/batch_job.h"

#include <algorithm>

namespace vitq::apps {

namespace {

std::size_t bytes_of_row(const Tensor& tensor) {
  return tensor.bytes() / static_cast<std::size_t>(tensor.shape()[0]);
}

}  // namespace

std::span<std::byte> row_of(Tensor& tensor, std::int64_t row) {
  const std::size_t bytes = bytes_of_row(tensor);
  return {tensor.data() + static_cast<std::size_t>(row) * bytes, bytes};
}

std::span<const std::byte> row_of(const Tensor& tensor, std::int64_t row) {
  const std::size_t bytes = bytes_of_row(tensor);
  return {tensor.data() + static_cast<std::size_t>(row) * bytes, bytes};
}

bool PendingJob::alike(const PendingJob& other) const {
  return job_.model == other.job_.model &&
         job_.input.shape().with(0, 1) == other.job_.input.shape().with(0, 1);
}

void PendingJob::begin(Clock::time_point now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!begun_) begun_ = now;
}

std::optional<double> PendingJob::keep(std::int64_t row, const std::vector<Tensor>& outputs,
                                       std::int64_t of, std::size_t size, double ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (over_) return std::nullopt;
  const std::int64_t images = job_.input.shape()[0];
  if (outcome_.outputs.empty()) {
    for (const Tensor& output : outputs) {
      outcome_.outputs.emplace_back(output.shape().with(0, images), output.dtype());
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    std::ranges::copy(row_of(outputs[i], of), row_of(outcome_.outputs[i], row).begin());
  }
  outcome_.infer_ms += ms;
  outcome_.batch = std::max(outcome_.batch, size);
  if (--left_ > 0) return std::nullopt;
  const std::chrono::duration<double, std::milli> waited = *begun_ - since_;
  outcome_.queue_ms = waited.count();
  return waited.count();
}

void PendingJob::fail(std::exception_ptr error) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (over_.exchange(true)) return;
    outcome_ = Outcome();
    outcome_.error = std::move(error);
  }
  answer();
}

void PendingJob::finish() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (over_.exchange(true)) return;
  }
  answer();
}

// Nobody else touches the outcome any more.
void PendingJob::answer() {
  job_.place.reset();  // before the client hears of it and asks the next
  job_.done(std::move(outcome_));
}

}  // namespace vitq::apps
