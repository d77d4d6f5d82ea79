// SPDX-License-Identifier: Apache-2.0
// Linear layers on codes: an exact integer product, then one pass over each row of sums that ends
// in floats or in the next layer's codes. Backends differ in the product only.
#pragma once

#include "kernels/kernel.h"

namespace vitq {

// acc[m][n] = sum_c x[m][c] * w[n][c], exactly. `x` and `acc` are dense.
class IntegerProduct {
 public:
  IntegerProduct() = default;
  IntegerProduct(const IntegerProduct&) = delete;
  IntegerProduct& operator=(const IntegerProduct&) = delete;
  virtual ~IntegerProduct() = default;

  // How many rows the calling thread had best multiply at a time, to finish them while they are in
  // cache. Zero: all of them in one call, which uses the context's threads itself.
  virtual std::int64_t panel_rows() const { return 0; }
  virtual void run(const std::uint8_t* x, std::int64_t rows, std::int32_t* acc) noexcept = 0;
  virtual std::string name() const = 0;
};

struct IntegerProductShape {
  std::int64_t m = 0, n = 0, k = 0;
};
using MakeProduct = std::unique_ptr<IntegerProduct> (*)(const IntegerProductShape& shape,
                                                        const Step& step,
                                                        const KernelContext& context);

// The kernel of an IntegerLinear step around the product that `make` gives.
std::unique_ptr<Kernel> make_integer_linear(const Step& step, const KernelContext& context,
                                            MakeProduct make);

}  // namespace vitq
