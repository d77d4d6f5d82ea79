// SPDX-License-Identifier: Apache-2.0
// Resampling against plain sums of 64 bits: the loops of every instruction set, and whole images.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "core/cpu.h"
#include "vision/resize.h"
#include "vision/resize_kernels.h"

using namespace vitq;

namespace {

using Real = long double;
using Bytes = std::vector<std::uint8_t>;

std::uint8_t pixel_of(std::int64_t sum) {
  const std::int64_t value = (sum + (1 << 21)) >> 22;
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
}

Real sine_ratio(Real x) {
  const Real angle = x * std::numbers::pi_v<Real>;
  return x == 0 ? 1 : std::sin(angle) / angle;
}

// The filters as their papers write them, at the distance x >= 0.
Real filter_at(Filter filter, Real x) {
  switch (filter) {
    case Filter::kNearest: break;
    case Filter::kBox: return x <= 0.5L ? 1 : 0;
    case Filter::kBilinear: return x < 1 ? 1 - x : 0;
    case Filter::kHamming:
      return x < 1 ? sine_ratio(x) * (0.54L + 0.46L * std::cos(std::numbers::pi_v<Real> * x)) : 0;
    case Filter::kBicubic:
      if (x < 1) return 1.5L * x * x * x - 2.5L * x * x + 1;
      return x < 2 ? -0.5L * x * x * x + 2.5L * x * x - 4 * x + 2 : 0;
    case Filter::kLanczos: return x < 3 ? sine_ratio(x) * sine_ratio(x / 3) : 0;
  }
  return 0;
}

double reach_of(Filter filter) {
  switch (filter) {
    case Filter::kBilinear:
    case Filter::kHamming: return 1;
    case Filter::kBicubic: return 2;
    case Filter::kLanczos: return 3;
    default: return 0.5;
  }
}

// The weight that each of `in` samples has in one output, in units of 2^-22.
std::vector<std::int64_t> weights_of(int in, int out, int i, Filter filter) {
  std::vector<std::int64_t> weights(static_cast<std::size_t>(in));
  const double scale = static_cast<double>(in) / out;
  const double center = (i + 0.5) * scale;
  if (filter == Filter::kNearest) {
    double position = 0.5 * scale;
    for (int k = 0; k < i; ++k) position += scale;
    weights[static_cast<std::size_t>(position)] = 1 << 22;
    return weights;
  }
  const double stretch = std::max(scale, 1.0);
  const double reach = reach_of(filter) * stretch;
  const int first = std::max(0, static_cast<int>(std::trunc(center - reach + 0.5)));
  const int last = std::min(in, static_cast<int>(std::trunc(center + reach + 0.5)));
  Real total = 0;
  const auto at = [&](int x) {
    // At the ends of a box the rounding of doubles decides.
    const double distance = (x - center + 0.5) * (1.0 / stretch);
    if (filter == Filter::kBox && distance == -0.5) return Real{0};
    return filter_at(filter, std::abs(Real{distance}));
  };
  for (int x = first; x < last; ++x) total += at(x);
  for (int x = first; x < last; ++x) {
    weights[static_cast<std::size_t>(x)] = std::llround(at(x) / total * (1 << 22));
  }
  return weights;
}

Image turned(const Image& image) {
  Image out = make_image(image.height, image.width);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) std::copy_n(image.row(y) + 3 * x, 3, out.row(x) + 3 * y);
  }
  return out;
}

Image wide_oracle(const Image& image, int width, Filter filter) {
  if (width == image.width) return image;
  Image out = make_image(width, image.height);
  for (int x = 0; x < width; ++x) {
    const std::vector<std::int64_t> weights = weights_of(image.width, width, x, filter);
    for (int y = 0; y < image.height; ++y) {
      for (int c = 0; c < 3; ++c) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < weights.size(); ++i) {
          sum += weights[i] * image.row(y)[3 * i + static_cast<std::size_t>(c)];
        }
        out.row(y)[3 * x + c] = pixel_of(sum);
      }
    }
  }
  return out;
}

Image oracle(const Image& image, int width, int height, Filter filter) {
  const bool rows_first = image.height - height > 2 * std::max(0, image.width - width);
  if (rows_first) {
    return wide_oracle(turned(wide_oracle(turned(image), height, filter)), width, filter);
  }
  return turned(wide_oracle(turned(wide_oracle(image, width, filter)), height, filter));
}

Image random_image(std::mt19937& random, int width, int height) {
  Image image = make_image(width, height);
  // Runs of black and white drive sums beyond both ends.
  for (std::uint8_t& byte : image.rgb) {
    const auto kind = random() % 3;
    byte = kind == 0 ? 0 : kind == 1 ? 255 : static_cast<std::uint8_t>(random());
  }
  return image;
}

struct RandomTaps {
  std::vector<ResizeTaps> taps;
  std::vector<std::int32_t> whole;
  std::vector<std::int16_t> low, high;
  ResizeWeights view() const { return {whole.data(), low.data(), high.data()}; }
};

// Taps of any size within `inputs`; the sums of their weights stay within those of Pillow's.
RandomTaps random_taps(std::mt19937& random, int outputs, int inputs) {
  RandomTaps result;
  for (int i = 0; i < outputs; ++i) {
    const int count = 1 + static_cast<int>(random() % static_cast<unsigned>(inputs));
    const int first = static_cast<int>(random() % static_cast<unsigned>(inputs - count + 1));
    result.taps.push_back({first, count, result.whole.size()});
    for (int t = 0; t < (count + 3) / 4 * 4; ++t) {
      const int range = (1 << 23) / count;
      const int draw = static_cast<int>(random() % (2U * static_cast<unsigned>(range))) - range;
      const int weight = t < count ? draw : 0;
      result.whole.push_back(weight);
      const auto low = static_cast<std::int16_t>(static_cast<std::uint16_t>(weight & 0xFFFF));
      result.low.push_back(low);
      result.high.push_back(static_cast<std::int16_t>((weight - low) / 65536));
    }
  }
  return result;
}

std::vector<const ResizeKernels*> tiers() {
  std::vector<const ResizeKernels*> result = {&portable_resize_kernels()};
  if (cpu().avx2) result.push_back(&resize_kernels({.avx2 = true}));
  return result;
}

constexpr std::array kFilters = {Filter::kNearest, Filter::kBox,     Filter::kBilinear,
                                 Filter::kHamming, Filter::kBicubic, Filter::kLanczos};

}  // namespace

#if defined(__x86_64__)
TEST_CASE("AVX2 has loops of resampling of its own") {
  CHECK(&resize_kernels({}) == &portable_resize_kernels());
  CHECK(&resize_kernels({.avx2 = true}) != &portable_resize_kernels());
}
#endif

TEST_CASE("sums along rows of pixels are exact on every instruction set") {
  constexpr std::size_t kRows = ResizeKernels::kRows;
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    const int inputs = 1 + static_cast<int>(random() % 70);
    const int outputs = 1 + static_cast<int>(random() % 20);
    const RandomTaps taps = random_taps(random, outputs, inputs);
    const Image image = random_image(random, inputs, kRows);
    std::array<Bytes, kRows> in;
    std::array<Bytes, kRows> out;
    for (const ResizeKernels* kernels : tiers()) {
      std::array<const std::uint8_t*, kRows> from = {};
      std::array<std::uint8_t*, kRows> to = {};
      for (std::size_t r = 0; r < kRows; ++r) {
        in[r].assign(image.row(static_cast<int>(r)), image.row(static_cast<int>(r)) + 3 * inputs);
        in[r].resize(in[r].size() + ResizeKernels::kSlack, 255);
        out[r].assign(3 * taps.taps.size() + 1, 77);
        from[r] = in[r].data();
        to[r] = out[r].data();
      }
      kernels->columns(from.data(), taps.taps.data(), outputs, taps.view(), to.data());
      for (std::size_t r = 0; r < kRows; ++r) {
        Bytes expected;
        for (const ResizeTaps& tap : taps.taps) {
          for (int c = 0; c < 3; ++c) {
            std::int64_t sum = 0;
            for (int i = 0; i < tap.count; ++i) {
              sum += std::int64_t{taps.whole[tap.weights + static_cast<std::size_t>(i)]} *
                     in[r][static_cast<std::size_t>(3 * (tap.first + i) + c)];
            }
            expected.push_back(pixel_of(sum));
          }
        }
        expected.push_back(77);
        REQUIRE(out[r] == expected);
      }
    }
  }
}

TEST_CASE("sums across rows are exact on every instruction set, at any width") {
  std::mt19937 random(2);
  for (int width = 1; width < 140; ++width) {
    const int inputs = 1 + static_cast<int>(random() % 60);
    const RandomTaps taps = random_taps(random, 1, inputs);
    const ResizeTaps& tap = taps.taps[0];
    const std::size_t stride = static_cast<std::size_t>(width) + random() % 5;
    Bytes in((static_cast<std::size_t>(tap.count) - 1) * stride + static_cast<std::size_t>(width));
    for (std::uint8_t& byte : in) byte = static_cast<std::uint8_t>(random() % 2 * 255);
    Bytes expected;
    for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x) {
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(tap.count); ++i) {
        sum += std::int64_t{taps.whole[tap.weights + i]} * in[i * stride + x];
      }
      expected.push_back(pixel_of(sum));
    }
    expected.push_back(77);
    for (const ResizeKernels* kernels : tiers()) {
      Bytes out(static_cast<std::size_t>(width) + 1, 77);
      kernels->rows({in.data(), static_cast<std::ptrdiff_t>(stride)}, tap, taps.view(), width,
                    out.data());
      CAPTURE(width);
      REQUIRE(out == expected);
    }
  }
}

TEST_CASE("images of any size, up and down, equal plain sums of 64 bits") {
  std::mt19937 random(3);
  const auto side = [&random] { return 1 + static_cast<int>(random() % 67); };
  for (int round = 0; round < 240; ++round) {
    const Filter filter = kFilters[static_cast<std::size_t>(round) % kFilters.size()];
    const Image image = random_image(random, round % 7 == 0 ? 1 : side(), side());
    const int width = round % 5 == 0 ? image.width : side();
    const int height = round % 11 == 0 ? 1 : side();
    CAPTURE(round);
    CAPTURE(image.width);
    CAPTURE(image.height);
    CAPTURE(width);
    CAPTURE(height);
    const Image expected = oracle(image, width, height, filter);
    REQUIRE(resize(image, width, height, filter).rgb == expected.rgb);
    const int left = static_cast<int>(random() % static_cast<unsigned>(width));
    const int top = static_cast<int>(random() % static_cast<unsigned>(height));
    const Rectangle part = {left, top,
                            1 + static_cast<int>(random() % static_cast<unsigned>(width - left)),
                            1 + static_cast<int>(random() % static_cast<unsigned>(height - top))};
    REQUIRE(resize_part(image, width, height, filter, part).rgb == crop(expected, part).rgb);
  }
}
