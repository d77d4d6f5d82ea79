// SPDX-License-Identifier: Apache-2.0
// Sessions that wait for work: as many as ran at the same time, for the shapes used last.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "vitq/session.h"

namespace vitq {

// What an executable is made for.
struct InputKey {
  Shape shape;
  std::vector<bool> mask;  // of a padded batch, pixel by pixel; otherwise empty

  friend bool operator==(const InputKey&, const InputKey&) = default;
};

// Thread-safe.
class SessionPool {
 public:
  explicit SessionPool(std::size_t max_shapes) : max_shapes_(max_shapes) {}

 private:
  struct Entry {
    explicit Entry(InputKey of) : key(std::move(of)) {}

    const InputKey key;
    std::mutex making;  // is held while `executable` is made, so that only its callers wait
    std::shared_ptr<const Executable> executable;
    std::vector<Session> idle;  // under the pool's mutex
  };

 public:
  // A session while one caller uses it; it goes back to the pool with the lease.
  class Lease {
   public:
    Lease(SessionPool& pool, std::shared_ptr<Entry> entry, Session session);
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease();

    // Copies of the outputs.
    std::vector<Tensor> run(const Tensor& input);

   private:
    SessionPool& pool_;
    std::shared_ptr<Entry> entry_;
    Session session_;
  };

  using Make = std::function<std::shared_ptr<const Executable>()>;
  // `make` is called once for a key, unless it was not among the last max_shapes. Other callers of
  // this key wait for it.
  Lease lease(const InputKey& key, const Make& make);
  std::shared_ptr<const Executable> executable(const InputKey& key, const Make& make);

 private:
  // The entry of this key, with its executable.
  std::shared_ptr<Entry> find(const InputKey& key, const Make& make);
  std::shared_ptr<Entry> first(const InputKey& key);
  void drop(const std::shared_ptr<Entry>& entry);

  std::size_t max_shapes_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Entry>> entries_;  // the one used last in front
};

}  // namespace vitq
