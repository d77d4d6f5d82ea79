// SPDX-License-Identifier: Apache-2.0
#include "session_pool.h"

#include <algorithm>

namespace vitq {

SessionPool::Lease::Lease(SessionPool& pool, std::shared_ptr<Entry> entry, Session session)
    : pool_(pool), entry_(std::move(entry)), session_(std::move(session)) {}

// A session that was dropped from the pool meanwhile ends with its entry.
SessionPool::Lease::~Lease() {
  const std::lock_guard<std::mutex> lock(pool_.mutex_);
  entry_->idle.push_back(std::move(session_));
}

std::vector<Tensor> SessionPool::Lease::run(const Tensor& input) {
  std::vector<Tensor> outputs;
  for (const Tensor& output : session_.run(input)) outputs.push_back(output.clone());
  return outputs;
}

std::shared_ptr<SessionPool::Entry> SessionPool::first(const InputKey& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found =
      std::ranges::find_if(entries_, [&](const auto& entry) { return entry->key == key; });
  if (found != entries_.end()) {
    std::rotate(entries_.begin(), found, found + 1);
  } else {
    // The oldest goes before the new one comes, so that the two need not fit together.
    if (entries_.size() == max_shapes_) entries_.pop_back();
    entries_.push_front(std::make_shared<Entry>(key));
  }
  return entries_.front();
}

void SessionPool::drop(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::erase(entries_, entry);
}

std::shared_ptr<SessionPool::Entry> SessionPool::find(const InputKey& key, const Make& make) {
  std::shared_ptr<Entry> entry = first(key);
  const std::lock_guard<std::mutex> lock(entry->making);
  try {
    if (!entry->executable) entry->executable = make();
  } catch (...) {
    drop(entry);  // what cannot be made takes no other's place
    throw;
  }
  return entry;
}

std::shared_ptr<const Executable> SessionPool::executable(const InputKey& key, const Make& make) {
  return find(key, make)->executable;
}

SessionPool::Lease SessionPool::lease(const InputKey& key, const Make& make) {
  std::shared_ptr<Entry> entry = find(key, make);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!entry->idle.empty()) {
      Session session = std::move(entry->idle.back());
      entry->idle.pop_back();
      return {*this, std::move(entry), std::move(session)};
    }
  }
  Session session(entry->executable);
  return {*this, std::move(entry), std::move(session)};
}

}  // namespace vitq
