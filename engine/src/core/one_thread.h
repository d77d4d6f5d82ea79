// SPDX-License-Identifier: Apache-2.0
// What the engine tells OpenMP's runtime, which oneDNN uses.
#pragma once

namespace vitq {

// While it lives, OpenMP, and with it oneDNN, uses one thread in parallel regions of the calling
// thread. What oneDNN computes is shared out before (kernels/onednn), so that no barrier of OpenMP
// is ever waited at.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace vitq
