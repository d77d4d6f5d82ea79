// SPDX-License-Identifier: Apache-2.0
// All tiers of row kernels give the same bits, at any length and alignment, and write nothing but
// their row.
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/row_support.h"
#include "kernels/rows/rows.h"

using namespace vitq;
using namespace row_tests;

namespace {

// The kernels may be given n elements of each kind, at odd addresses.
struct Inputs {
  std::int64_t n = 0;
  std::size_t offset = 0;
  Floats x, y, z, w;
  std::vector<std::int32_t> acc;
  float a = 0, b = 0;
  const float* px() const { return x.data() + offset; }
  const float* py() const { return y.data() + offset; }
  const float* pz() const { return z.data() + offset; }
  const float* pw() const { return w.data() + offset; }
};

Inputs random_inputs(Random& random) {
  Inputs in;
  in.n = random.integer(1, 1000);
  in.offset = static_cast<std::size_t>(random.integer(0, 15));
  const std::int64_t all = in.n + 15;
  const float range = random.uniform(0.1F, 20);
  in.x = random.row(all, -range, range);
  in.y = random.row(all, 0.01F, 2);
  in.z = random.row(all, -1, 1);
  in.w = random.row(all, -3, 3);
  for (std::int64_t i = 0; i < all; ++i) {
    in.acc.push_back(static_cast<std::int32_t>(random.integer(-2000000000, 2000000000)));
  }
  in.a = random.uniform(0.01F, 2);
  in.b = random.uniform(-2, 0);
  return in;
}

// n elements of T find place at an odd address. A pattern around them must survive.
template <typename T>
class Output {
 public:
  explicit Output(const Inputs& in)
      : offset_(in.offset * sizeof(T)),
        size_(static_cast<std::size_t>(in.n) * sizeof(T)),
        bytes_(kMargin + offset_ + size_ + kMargin, kFill) {}
  T* data() { return reinterpret_cast<T*>(bytes_.data() + kMargin + offset_); }
  bool margins_intact() const {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      const bool inside = i >= kMargin + offset_ && i < kMargin + offset_ + size_;
      if (!inside && bytes_[i] != kFill) return false;
    }
    return true;
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kMargin = 64;
  static constexpr unsigned char kFill = 0xA5;
  std::size_t offset_;
  std::size_t size_;
  std::vector<unsigned char> bytes_;
};

// It runs `call(rows of a tier, inputs, output)` in every tier on random inputs and compares all
// bytes.
template <typename T, typename Call>
void same_in_all_tiers(const Call& call) {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    const Inputs in = random_inputs(random);
    Output<T> baseline(in);
    call(baseline_row_kernels(), in, baseline.data());
    REQUIRE(baseline.margins_intact());
    for (const Tier& tier : tiers()) {
      Output<T> output(in);
      call(tier.kernels(), in, output.data());
      CAPTURE(tier.name);
      CAPTURE(round);
      CAPTURE(in.n);
      CAPTURE(in.offset);
      REQUIRE(output.bytes() == baseline.bytes());
    }
  }
}

}  // namespace

TEST_CASE("each tier has functions of its own, and the best that is allowed is the default") {
  CHECK(&row_kernels(cpu()) == &tiers().back().kernels());
#if defined(__aarch64__)
  CHECK(&row_kernels({}) != &baseline_row_kernels());
#else
  CHECK(&row_kernels({}) == &baseline_row_kernels());
#endif
#if defined(__x86_64__)
  const CpuFeatures avx2 = {.avx2 = true};
  const CpuFeatures avx512 = {.avx2 = true, .avx512 = true};
  CHECK(&row_kernels({}) != &row_kernels(avx2));
  CHECK(&row_kernels(avx2) != &row_kernels(avx512));
#endif
}

TEST_CASE("tiers agree on the bits: float rows") {
  same_in_all_tiers<float>([](const RowKernels& r, const Inputs& in, float* y) {
    r.layer_norm(in.px(), in.py(), in.pz(), 1e-6F, in.n, y);
  });
  same_in_all_tiers<float>(
      [](const RowKernels& r, const Inputs& in, float* y) { r.softmax(in.px(), in.a, in.n, y); });
  same_in_all_tiers<float>(
      [](const RowKernels& r, const Inputs& in, float* y) { r.exp(in.px(), in.n, y); });
  same_in_all_tiers<float>(
      [](const RowKernels& r, const Inputs& in, float* y) { r.gelu(in.px(), in.n, y); });
  same_in_all_tiers<float>([](const RowKernels& r, const Inputs& in, float* y) {
    r.gate(in.px(), 1.5957691F, 0.0713548F, in.n, y);
  });
  same_in_all_tiers<float>(
      [](const RowKernels& r, const Inputs& in, float* y) { r.relu(in.px(), in.n, y); });
  same_in_all_tiers<float>(
      [](const RowKernels& r, const Inputs& in, float* y) { r.add(in.px(), in.pw(), in.n, y); });
  for (const bool added : {false, true}) {
    for (const bool relu : {false, true}) {
      same_in_all_tiers<float>([=](const RowKernels& r, const Inputs& in, float* y) {
        const std::int32_t* acc = in.acc.data() + in.offset;
        const float* residual = added ? in.px() : nullptr;
        r.linear_epilogue(acc, in.n, {in.a, in.b, in.py(), in.pz(), in.pw(), residual, relu}, y);
      });
    }
  }
}

TEST_CASE("tiers agree on the bits: codes") {
  same_in_all_tiers<std::uint8_t>([](const RowKernels& r, const Inputs& in, std::uint8_t* q) {
    r.quantize_u8(in.px(), in.n, in.b, 20 * in.a, 255, q);
  });
  same_in_all_tiers<std::int8_t>([](const RowKernels& r, const Inputs& in, std::int8_t* q) {
    r.quantize_s8(in.px(), in.n, 10 * in.a, 127, q);
  });
  same_in_all_tiers<std::int8_t>([](const RowKernels& r, const Inputs& in, std::int8_t* q) {
    r.quantize_s8(in.pw(), in.n, in.a, 63, q);
  });
  same_in_all_tiers<std::uint8_t>([](const RowKernels& r, const Inputs& in, std::uint8_t* p) {
    float sum = 0;
    r.softmax_codes(in.px(), in.n, 255, p, &sum);
  });
}

TEST_CASE("tiers agree on the bits: numbers of a row") {
  Random random(12);
  for (int round = 0; round < 300; ++round) {
    const Inputs in = random_inputs(random);
    std::vector<float> first;
    for (const Tier& tier : tiers()) {
      std::vector<float> found(4);
      std::vector<std::uint8_t> p(static_cast<std::size_t>(in.n));
      tier.kernels().min_max(in.px(), in.n, &found[0], &found[1]);
      tier.kernels().softmax_codes(in.px(), in.n, 255, p.data(), &found[2]);
      std::vector<std::int8_t> q(static_cast<std::size_t>(in.n));
      tier.kernels().quantize_s8(in.px(), in.n, 10 * in.a, 127, q.data());
      found[3] = tier.kernels().dot_codes(in.px(), q.data(), in.n);
      if (first.empty()) first = found;
      CAPTURE(tier.name);
      CAPTURE(round);
      CAPTURE(in.n);
      REQUIRE(std::memcmp(found.data(), first.data(), 4 * sizeof(float)) == 0);
    }
  }
}

TEST_CASE("kernels that allow it give the same in place") {
  Random random(13);
  for (const Tier& tier : tiers()) {
    const RowKernels& r = tier.kernels();
    const Inputs in = random_inputs(random);
    const auto both = [&](const auto& call) {
      Floats apart(in.x.size());
      Floats in_place = in.x;
      call(in.x.data(), apart.data());
      call(in_place.data(), in_place.data());
      for (std::size_t i = 0; i < static_cast<std::size_t>(in.n); ++i) {
        REQUIRE(in_place[i] == apart[i]);
      }
    };
    both([&](const float* x, float* y) { r.layer_norm(x, in.py(), in.pz(), 1e-6F, in.n, y); });
    both([&](const float* x, float* y) { r.exp(x, in.n, y); });
    both([&](const float* x, float* y) { r.gelu(x, in.n, y); });
    both([&](const float* x, float* y) { r.relu(x, in.n, y); });
    both([&](const float* x, float* y) { r.add(x, in.pw(), in.n, y); });
  }
}

TEST_CASE("exp and gelu of an element do not depend on its place in the row") {
  Random random(14);
  for (const Tier& tier : tiers()) {
    for (const auto function : {tier.kernels().exp, tier.kernels().gelu}) {
      const Floats x = random.row(1000, -8, 8);
      Floats y(x.size());
      function(x.data(), 1000, y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        float alone = 0;
        function(&x[i], 1, &alone);
        REQUIRE(alone == y[i]);
      }
    }
  }
}
