// SPDX-License-Identifier: Apache-2.0
// Reading and writing sound files; broken ones are in tests/malformed.
#include "io/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <string>

#include "support/malformed.h"
#include "support/temp_folder.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;

namespace {

constexpr DType kAll[] = {DType::kF32, DType::kF16, DType::kBF16, DType::kF64,
                          DType::kS32, DType::kS64, DType::kS8,   DType::kU8};

Tensor random_tensor(std::mt19937& random) {
  std::vector<std::int64_t> dims(random() % 4);
  for (std::int64_t& dim : dims) dim = static_cast<std::int64_t>(random() % 6);
  Tensor tensor(Shape(dims), kAll[random() % std::size(kAll)]);
  for (std::size_t i = 0; i < tensor.bytes(); ++i) tensor.data()[i] = std::byte(random() & 0xFFU);
  return tensor;
}

bool same(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

std::uintptr_t address(const Tensor& tensor) {
  return reinterpret_cast<std::uintptr_t>(tensor.data());
}

}  // namespace

TEST_CASE("random tensors and metadata survive writing and reading") {
  const TempFolder folder;
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    CAPTURE(round);
    Weights weights;
    for (auto i = random() % 9; i > 0; --i) {
      weights.tensors["t." + std::to_string(random() % 50) + ".\xC3\xA9\""] = random_tensor(random);
    }
    weights.metadata["config"] = "{\"a\": \"b\\n\"}";
    const auto path = folder.path() / "w.safetensors";
    write_safetensors(path, weights, Overwrite::kYes);
    const Weights read = read_safetensors(path, true);
    REQUIRE(read.tensors.size() == weights.tensors.size());
    for (const auto& [name, tensor] : weights.tensors) CHECK(same(read.at(name), tensor));
    CHECK(read.metadata.at("config") == weights.metadata.at("config"));
  }
}

TEST_CASE("written files are laid out for use in place and depend on nothing but their contents") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["z"] = Tensor({3}, DType::kF64);
  weights.tensors["b"] = Tensor({3}, DType::kU8);
  weights.tensors["a"] = Tensor({5}, DType::kF16);
  weights.tensors["c"] = Tensor({1}, DType::kF32);
  weights.tensors["empty"] = Tensor();
  write_safetensors(folder.path() / "1", weights, Overwrite::kNo);
  write_safetensors(folder.path() / "2", weights, Overwrite::kNo);
  const std::string bytes = contents_of(folder.path() / "1");
  CHECK(bytes == contents_of(folder.path() / "2"));
  const auto header_bytes = static_cast<unsigned char>(bytes[0]) + 256 * bytes[1];
  CHECK((8 + header_bytes) % 64 == 0);
  CHECK(bytes.size() == static_cast<std::size_t>(8 + header_bytes) + 24 + 4 + 10 + 3);
  check_parts(bytes, {R"({"__metadata__":{"xxh3":")",
                      R"("z":{"dtype":"F64","shape":[3],"data_offsets":[0,24]})",
                      R"("c":{"dtype":"F32","shape":[1],"data_offsets":[24,28]})",
                      R"("a":{"dtype":"F16","shape":[5],"data_offsets":[28,38]})",
                      R"("b":{"dtype":"U8","shape":[3],"data_offsets":[38,41]})"});
}

TEST_CASE("the checksum is XXH3-64 of the data section in hexadecimal") {
  const TempFolder folder;
  const auto path = folder.path() / "w";
  write_safetensors(path, {}, Overwrite::kNo);
  // The published XXH3-64 of no bytes and seed zero.
  CHECK(read_safetensors(path).metadata.at("xxh3") == "2d06800538d394c2");
}

TEST_CASE("a changed byte of the data is found where the checksum is asked for") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["a"] = Tensor({100}, DType::kF32);
  const auto path = folder.path() / "w";
  write_safetensors(path, weights, Overwrite::kNo);
  std::string bytes = contents_of(path);
  bytes.back() ^= 1;
  folder.file("w", bytes);
  CHECK_NOTHROW((void)read_safetensors(path, false));
  const Refusal found = refusal_of([&] { (void)read_safetensors(path, true); });
  CHECK(found.fault == Fault::kMismatch);
  check_parts(found.message, {path.string(), "checksum", "expected"});
}

TEST_CASE("a tensor at an odd place of the file is copied to an aligned one") {
  const TempFolder folder;
  const std::string header = R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                             R"("b":{"dtype":"F32","shape":[2],"data_offsets":[3,11]}})";
  const Weights weights = read_safetensors(folder.file("w", safetensors_file(header, 11)));
  CHECK(address(weights.at("b")) % 4 == 0);
  float expected = 0;
  std::memcpy(&expected, "\x01\x01\x01\x01", 4);
  CHECK(weights.at("b").as<float>()[1] == expected);
}

TEST_CASE("tensors outlive the weights they came with, and writing to one leaves the file alone") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["a"] = Tensor({4}, DType::kF32);
  const auto path = folder.path() / "w";
  write_safetensors(path, weights, Overwrite::kNo);
  Tensor tensor = read_safetensors(path).at("a");
  tensor.as<float>()[0] = 5.0F;
  CHECK(tensor.as<float>()[0] == 5.0F);
  CHECK(read_safetensors(path, true).at("a").as<float>()[0] == 0.0F);
}

TEST_CASE("a file without tensors, scalars and zero extents are legal") {
  const TempFolder folder;
  CHECK(read_safetensors(folder.file("none", safetensors_file("{}", 0))).tensors.empty());
  const std::string header = R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},)"
                             R"("e":{"dtype":"F32","shape":[0,7],"data_offsets":[4,4]},)"
                             R"("f":{"dtype":"I8","shape":[0],"data_offsets":[0,0]}}  )";
  const Weights weights = read_safetensors(folder.file("some", safetensors_file(header, 4)));
  CHECK(weights.at("s").shape() == Shape{});
  CHECK(weights.at("e").shape() == Shape{0, 7});
  CHECK(weights.at("f").bytes() == 0);
}

TEST_CASE("asking for a tensor that is not there says its name") {
  const Weights weights;
  CHECK(weights.find("x") == nullptr);
  CHECK_THROWS_WITH_AS((void)weights.at("head.weight"), "there is no tensor \"head.weight\"",
                       WeightError);
}

TEST_CASE("shards named by an index are read as one set of tensors") {
  const TempFolder folder;
  Weights first;
  first.tensors["a"] = Tensor({2}, DType::kF32);
  first.tensors["b"] = Tensor({3}, DType::kF16);
  first.metadata["format"] = "pt";
  Weights second;
  second.tensors["c"] = Tensor({4}, DType::kS64);
  write_safetensors(folder.path() / "m-1.safetensors", first, Overwrite::kNo);
  write_safetensors(folder.path() / "m-2.safetensors", second, Overwrite::kNo);
  const auto index = folder.file("model.safetensors.index.json", R"({"metadata": {"total_size": 46},
      "weight_map": {"a": "m-1.safetensors", "b": "m-1.safetensors", "c": "m-2.safetensors"}})");
  const Weights weights = read_safetensors_index(index);
  CHECK(weights.tensors.size() == 3);
  CHECK(weights.at("c").shape() == Shape{4});
  CHECK(weights.metadata.at("format") == "pt");
  CHECK(weights.metadata.count("xxh3") == 0);
}
