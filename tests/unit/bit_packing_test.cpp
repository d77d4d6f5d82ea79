// SPDX-License-Identifier: Apache-2.0
// Codes of few bits in bytes: what goes in comes out, and what cannot have gone in is refused.
#include <doctest/doctest.h>

#include "vitq/error.h"
#include "vitq/layers.h"
#include "vitq/lower.h"
#include "vitq/quant.h"

using namespace vitq;

namespace {

// Every code there is, over and over.
Tensor codes_of(const Shape& shape, int bits) {
  Tensor codes(shape, code_type(bits));
  const int top = max_weight_code(bits);
  const auto count = static_cast<std::size_t>(shape.elements());
  const std::size_t step = bits > 8 ? 997 : 1;  // of more codes than there is room for
  for (std::size_t i = 0; i < count; ++i) {
    const int code = static_cast<int>(i * step % static_cast<std::size_t>(2 * top + 1)) - top;
    if (bits > 8) {
      codes.as<std::int16_t>()[i] = static_cast<std::int16_t>(code);
    } else {
      codes.as<std::int8_t>()[i] = static_cast<std::int8_t>(code);
    }
  }
  return codes;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && a.bytes() == b.bytes() &&
         std::equal(a.data(), a.data() + a.bytes(), b.data());
}

}  // namespace

TEST_CASE("packed codes come out as they went in, at every number of bits and columns") {
  for (int bits = 2; bits <= 16; ++bits) {
    if (bits == 8) continue;
    for (std::int64_t columns = 0; columns <= 33; ++columns) {
      CAPTURE(bits);
      CAPTURE(columns);
      const Tensor codes = codes_of({5, columns}, bits);
      const Tensor bytes = bit_packed(codes, bits);
      CHECK(bytes.bytes() == static_cast<std::size_t>(5 * ((columns * bits + 7) / 8)));
      CHECK(same(bit_unpacked(bytes, codes.shape(), bits), codes));
    }
  }
  for (const int bits : {5, 11}) {
    const Tensor kernel = codes_of({4, 3, 5, 7}, bits);
    CHECK(same(bit_unpacked(bit_packed(kernel, bits), kernel.shape(), bits), kernel));
  }
}

TEST_CASE("codes lie in two's complement from the lowest bit up, each row from a byte of its own") {
  Tensor codes({2, 3}, DType::kS8);
  const std::int8_t values[] = {1, -1, 3, -7, 0, 7};
  std::copy(std::begin(values), std::end(values), codes.as<std::int8_t>().begin());
  const Tensor bytes = bit_packed(codes, 4);
  const std::uint8_t expected[] = {0xF1, 0x03, 0x09, 0x07};
  const auto found = bytes.as<std::uint8_t>();
  REQUIRE(found.size() == 4);
  CHECK(std::equal(found.begin(), found.end(), std::begin(expected)));
}

TEST_CASE("codes of more than 8 bits lie in the same order") {
  Tensor codes({2, 2}, DType::kS16);
  const std::int16_t values[] = {-2047, 0x123, 0x7FF, -1};
  std::copy(std::begin(values), std::end(values), codes.as<std::int16_t>().begin());
  const Tensor bytes = bit_packed(codes, 12);
  const std::uint8_t expected[] = {0x01, 0x38, 0x12, 0xFF, 0xF7, 0xFF};
  const auto found = bytes.as<std::uint8_t>();
  REQUIRE(found.size() == 6);
  CHECK(std::equal(found.begin(), found.end(), std::begin(expected)));
}

TEST_CASE("bytes that no codes give are refused in words") {
  const Shape shape = {2, 3};
  const auto with = [](std::uint8_t first, std::uint8_t second) {
    Tensor bytes({4}, DType::kU8);
    bytes.as<std::uint8_t>()[0] = first;
    bytes.as<std::uint8_t>()[3] = second;
    return bytes;
  };
  CHECK_NOTHROW(bit_unpacked(with(0, 0), shape, 4));
  CHECK_THROWS_WITH_AS(bit_unpacked(with(0, 0x10), shape, 4),
                       "row 1: bits beyond the last code are not 0", WeightError);
  CHECK_THROWS_WITH_AS(bit_unpacked(Tensor({5}, DType::kU8), shape, 4),
                       "expected packed codes u8 [4], found u8 [5]", WeightError);
  CHECK_THROWS_AS(bit_unpacked(Tensor(shape, DType::kS8), shape, 4), WeightError);
  CHECK_THROWS_WITH_AS(bit_unpacked(Tensor(shape, DType::kS16), shape, 9),
                       "expected packed codes u8 [8], found s16 [2, 3]", WeightError);
}

namespace {

// A layer of four weights of 2 bits, whose codes are entries of a codebook.
struct CodebookLayer {
  Graph graph;
  Scheme scheme;
  Weights weights;

  CodebookLayer(std::vector<float> codebook, int bits) {
    const Value out = linear(Scope(graph) / "layer", input(graph, "x", {1, 2}), 2, Bias::kNo);
    graph.set_outputs({{"y", out.id}});
    scheme.set({out.id, 0}, {});
    scheme.set({out.id, 1}, {.bits = bits,
                             .range = Range::kStatic,
                             .scale = {1.0F, 2.0F},
                             .lo = {},
                             .smoothing_scale = {},
                             .channel_offset = {},
                             .codebook = std::move(codebook)});
    Tensor& codes = weights.tensors["layer.weight"];
    codes = Tensor({2, 2}, DType::kS8);
    const std::int8_t values[] = {-31, 31, 9, -8};
    std::copy(std::begin(values), std::end(values), codes.as<std::int8_t>().begin());
  }
  // As a model file holds it.
  void store() {
    store_scheme(graph, scheme, weights);
    bit_pack(graph, scheme, weights);
  }
  Scheme load() { return load_scheme(graph, weights, scheme_to_json(graph, scheme)); }
};

}  // namespace

TEST_CASE("codes of a codebook are stored as places in it") {
  CodebookLayer layer({-31.0F, -8.0F, 9.0F, 31.0F}, 2);
  const Tensor before = layer.weights.tensors.at("layer.weight").clone();
  layer.store();
  const auto bytes = layer.weights.tensors.at("layer.weight").as<std::uint8_t>();
  REQUIRE(bytes.size() == 2);
  CHECK(int{bytes[0]} == 0b0110);  // -31 and 31: -2 and 1
  CHECK(int{bytes[1]} == 0b1100);  // 9 and -8: 0 and -1
  const Scheme loaded = layer.load();
  CHECK(loaded.sites() == layer.scheme.sites());
  CHECK(same(layer.weights.tensors.at("layer.weight"), before));
}

TEST_CASE("a codebook that is none is refused") {
  const std::vector<float> bad[] = {{-31.0F, 9.0F, -8.0F, 31.0F},  // falls
                                    {-31.0F, 9.0F, 9.0F, 31.0F},   // repeats
                                    {-31.0F, -8.0F, 9.5F, 31.0F},  // no integer
                                    {-31.0F, -8.0F, 9.0F, 128.0F},
                                    {-31.0F, 9.0F, 31.0F}};
  for (const std::vector<float>& codebook : bad) {
    CodebookLayer layer(codebook, 2);
    store_scheme(layer.graph, layer.scheme, layer.weights);
    layer.weights.tensors["layer.weight"] = Tensor({2}, DType::kU8);
    CHECK_THROWS_AS((void)layer.load(), WeightError);
  }
}
