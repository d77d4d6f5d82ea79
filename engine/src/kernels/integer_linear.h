// SPDX-License-Identifier: Apache-2.0
// Linear layers on codes take an exact integer product, then one pass over each row of sums. That
// pass ends in floats or in the next layer's codes. Backends differ in the product only.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

struct Panel {
  const std::uint8_t* x;  // dense
  std::int64_t rows;
  std::int32_t* acc;  // dense
  // How many bytes after x the low digits of codes of more than 8 bits lie.
  std::int64_t low_digits = 0;
};

// acc[m][n] = sum_c x[m][c] * w[n][c], exactly. Immutable, as kernels are.
class IntegerGemm {
 public:
  IntegerGemm() = default;
  IntegerGemm(const IntegerGemm&) = delete;
  IntegerGemm& operator=(const IntegerGemm&) = delete;
  virtual ~IntegerGemm() = default;

  // At most so many rows are multiplied at a time, to be finished while they are in cache.
  virtual std::int64_t panel_rows() const = 0;
  // What each thread needs beside the panel, in bytes.
  virtual std::int64_t thread_bytes() const { return 0; }
  virtual std::unique_ptr<KernelState> make_state() const { return {}; }
  // Whether x and w are whole codes of two digits, and acc has a column for each of w's. Otherwise
  // they are digits.
  virtual bool takes_whole_codes() const { return false; }
  struct Thread {
    std::int64_t index;    // of the threads that share the rows (parallel_chunks)
    std::byte* workspace;  // thread_bytes()
    KernelState* state;
  };
  virtual void run(const Thread& thread, const Panel& panel) const noexcept = 0;
  virtual std::string name() const = 0;
};

struct IntegerGemmShape {
  std::int64_t m = 0, n = 0, k = 0;
};
// Null if the maker does not apply.
using MakeIntegerGemm = std::unique_ptr<IntegerGemm> (*)(const IntegerGemmShape& shape,
                                                         const step::IntegerLinear& linear,
                                                         const KernelContext& context);

// Products of whole codes of two digits each, where their sums fit 32 bits.
std::unique_ptr<Kernel> make_wide_integer_linear(const Step& step, const KernelContext& context);

// The kernel of an IntegerLinear step around the product that `make` gives.
std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeIntegerGemm make);

}  // namespace vitq
