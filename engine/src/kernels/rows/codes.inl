// SPDX-License-Identifier: Apache-2.0
// These loops make codes and take sums of products of codes. Codes of more than 8 bits are rows of
// digits. The file is a part of rows.inl, whose rules hold here too.

// code(start, count, e) makes codes of the exponentials e of elements from `start` on.
template <typename Code>
[[gnu::always_inline]] static inline void softmax_blocks(const float* logits, std::int64_t n,
                                                         float* sum, Code code) {
  constexpr std::int64_t kBlock = 16 * kLanes;  // keeps every element in the lane of the whole row
  const float peak = max_of(n, [=](std::int64_t i) { return logits[i]; });
  float lanes[kLanes] = {};
  for (std::int64_t start = 0; start < n; start += kBlock) {
    const std::int64_t count = n - start < kBlock ? n - start : kBlock;
    float e[kBlock];
    map(logits + start, count, e, [=](float v) { return exp_one(v - peak); });
    code(start, count, e);
    reduce_into(lanes, count, plus, [&e](std::int64_t i) { return e[i]; });
  }
  *sum = join_lanes(lanes, plus);
}

static void softmax_codes(const float* logits, std::int64_t n, float top, std::uint8_t* p,
                          float* sum) {
  softmax_blocks(logits, n, sum, [=](std::int64_t start, std::int64_t count, const float* e) {
    fill(p + start, count, [e, top](std::int64_t i) { return rounded_code(top * e[i]); });
  });
}

// Codes below 2^16 as make(i) gives them before they are rounded.
template <typename Make>
[[gnu::always_inline]] static inline void fill_digits(const CodeDigits& q, std::int64_t n,
                                                      Make make) {
  fill(q.high, n,
       [=](std::int64_t i) { return static_cast<std::uint8_t>(bits_of(make(i) + kRounder) >> 8); });
  fill(q.low, n, [=](std::int64_t i) { return rounded_code(make(i)); });
}

static void softmax_digits(const float* logits, std::int64_t n, float top, const CodeDigits& p,
                           float* sum) {
  softmax_blocks(logits, n, sum, [=](std::int64_t start, std::int64_t count, const float* e) {
    fill_digits({p.high + start, p.low + start}, count,
                [e, top](std::int64_t i) { return top * e[i]; });
  });
}

static void quantize_u8(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                        std::uint8_t* q) {
  const float zero = top - top;  // compilers mask instead of taking a maximum with a constant 0
  fill(q, n,
       [=](std::int64_t i) { return rounded_code(clamp((x[i] - lo) * inverse_scale, zero, top)); });
}

static void quantize_s8(const float* x, std::int64_t n, float inverse_scale, float top,
                        std::int8_t* q) {
  fill(q, n, [=](std::int64_t i) {
    return static_cast<std::int8_t>(rounded_code(clamp(x[i] * inverse_scale, -top, top)));
  });
}

static void quantize_u16(const float* x, std::int64_t n, float lo, float inverse_scale, float top,
                         const CodeDigits& q) {
  fill_digits(q, n, [=](std::int64_t i) { return clamp((x[i] - lo) * inverse_scale, 0.0F, top); });
}

// A code is at least 1 / 2 away from what lies in the middle between two multiples of the base. So
// the rounding errors of its product with 1 / base do not reach that middle.
static void quantize_s16(const float* x, std::int64_t n, float inverse_scale, float top,
                         const SignedDigits& q) {
  const float base = static_cast<float>(q.base);
  const float inverse_base = 1.0F / base;
  const auto code = [=](std::int64_t i) {
    return (clamp(x[i] * inverse_scale, -top, top) + kRounder) - kRounder;
  };
  fill(q.high, n, [=](std::int64_t i) {
    return static_cast<std::int8_t>(rounded_code(code(i) * inverse_base));
  });
  fill(q.low, n, [=](std::int64_t i) {
    const float high = (code(i) * inverse_base + kRounder) - kRounder;
    return static_cast<std::int8_t>(rounded_code(code(i) - high * base));
  });
}

static void join_u16(const std::uint8_t* high, const std::uint8_t* low, std::int64_t n,
                     std::int16_t* codes) {
  fill(codes, n, [=](std::int64_t i) { return static_cast<std::int16_t>(high[i] << 8 | low[i]); });
}

static void join_s16(const std::int8_t* high, const std::int8_t* low, std::int32_t base,
                     std::int64_t n, std::int16_t* codes) {
  const auto factor = static_cast<std::int16_t>(base);
  fill(codes, n,
       [=](std::int64_t i) { return static_cast<std::int16_t>(factor * high[i] + low[i]); });
}

// y[i] is what `end` makes of sum(i), a float.
template <typename Sum>
[[gnu::always_inline]] static inline void finish(std::int64_t n, const RowEpilogue& end, float* y,
                                                 Sum sum) {
  const RowEpilogue e = end;
  const auto product = [=](std::int64_t i) {
    return ((sum(i) * (e.s * e.u[i])) + (e.lo * e.r[i])) + e.b[i];
  };
  const auto sum_with_residual = [=](std::int64_t i) { return product(i) + e.residual[i]; };
  if (e.residual != nullptr && e.relu) {
    fill(y, n, [=](std::int64_t i) { return greater(sum_with_residual(i), 0.0F); });
  } else if (e.residual != nullptr) {
    fill(y, n, sum_with_residual);
  } else if (e.relu) {
    fill(y, n, [=](std::int64_t i) { return greater(product(i), 0.0F); });
  } else {
    fill(y, n, product);
  }
}

static void linear_epilogue(const std::int32_t* acc, std::int64_t n, const RowEpilogue& end,
                            float* y) {
  finish(n, end, y, [=](std::int64_t i) { return static_cast<float>(acc[i]); });
}

static void digits_epilogue(const DigitSums& acc, std::int64_t n, const RowEpilogue& end,
                            float* y) {
  const DigitSums terms = acc;
  const auto term = [=](int d, std::int64_t i) {
    return terms.factor[d] * static_cast<double>(terms.row[d][i]);
  };
  if (terms.count == 2) {
    finish(n, end, y, [=](std::int64_t i) { return static_cast<float>(term(0, i) + term(1, i)); });
  } else {
    finish(n, end, y, [=](std::int64_t i) {
      return static_cast<float>((term(0, i) + term(1, i)) + (term(2, i) + term(3, i)));
    });
  }
}
