// SPDX-License-Identifier: Apache-2.0
// Linear layers on codes: an exact integer product, then one pass over each row of sums that ends
// in floats or in the next layer's codes. Backends differ in the product only.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

struct Panel {
  const std::uint8_t* x;  // dense
  std::int64_t rows;
  std::int32_t* acc;  // dense
};

// acc[m][n] = sum_c x[m][c] * w[n][c], exactly.
class IntegerGemm {
 public:
  IntegerGemm() = default;
  IntegerGemm(const IntegerGemm&) = delete;
  IntegerGemm& operator=(const IntegerGemm&) = delete;
  virtual ~IntegerGemm() = default;

  // How many rows are multiplied at a time, at most, to be finished while they are in cache.
  virtual std::int64_t panel_rows() const = 0;
  // Called by thread number `thread` for panels of a part of the rows (parallel_chunks).
  virtual void run(std::int64_t thread, const Panel& panel) noexcept = 0;
  virtual std::string name() const = 0;
};

struct IntegerGemmShape {
  std::int64_t m = 0, n = 0, k = 0;
};
using MakeIntegerGemm = std::unique_ptr<IntegerGemm> (*)(const IntegerGemmShape& shape,
                                                         const Step& step,
                                                         const KernelContext& context);

// The kernel of an IntegerLinear step around the product that `make` gives.
std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeIntegerGemm make);

}  // namespace vitq
