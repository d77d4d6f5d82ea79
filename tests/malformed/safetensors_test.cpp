// SPDX-License-Identifier: Apache-2.0
// These safetensors files are broken, and each is refused before a tensor is handed out. The
// message names file, place, what was found and what was expected.
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "support/malformed.h"
#include "support/temp_folder.h"
#include "vitq/weights.h"

using namespace vitq;
using namespace vitq::test;

namespace {

// A file with one f32 tensor "a" of shape [2], whose description is replaced.
std::string one(std::string_view description, std::size_t data_bytes = 8) {
  return safetensors_file("{\"a\":" + std::string(description) + "}", data_bytes);
}

std::string tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
  return "{\"dtype\":" + std::string(dtype) + ",\"shape\":" + std::string(shape) +
         ",\"data_offsets\":" + std::string(offsets) + "}";
}

std::string named(std::string_view name) {
  return safetensors_file(
      "{\"" + std::string(name) + "\":" + tensor("\"F32\"", "[2]", "[0,8]") + "}", 8);
}

std::string two(std::string_view first, std::string_view second, std::size_t data_bytes) {
  return safetensors_file("{\"a\":" + tensor("\"U8\"", "[4]", first) +
                              ",\"b\":" + tensor("\"U8\"", "[4]", second) + "}",
                          data_bytes);
}

void refuse(const std::string& bytes, std::initializer_list<std::string_view> parts) {
  const TempFolder folder;
  const auto path = folder.file("w.safetensors", bytes);
  const Refusal found = refusal_of([&] { (void)read_safetensors(path); });
  CHECK(found.fault == Fault::kMalformed);
  CHECK(found.message.starts_with(path.string() + ": "));
  check_parts(found.message, parts);
}

void check_sound(const std::string& bytes) {
  const TempFolder folder;
  CHECK_NOTHROW((void)read_safetensors(folder.file("w.safetensors", bytes)));
}

}  // namespace

TEST_CASE("safetensors: the builders make a sound file, so that each case breaks one thing") {
  check_sound(one(tensor("\"F32\"", "[2]", "[0,8]")));
  check_sound(named("a"));
  check_sound(two("[0,4]", "[4,8]", 8));
  check_sound(two("[4,8]", "[0,4]", 8));
}

TEST_CASE("safetensors: what is no readable regular file is unreadable, not malformed") {
  const TempFolder folder;
  for (const auto& path :
       {folder.path() / "none", folder.path(), std::filesystem::path("/dev/zero")}) {
    const Refusal found = refusal_of([&] { (void)read_safetensors(path); });
    CHECK(found.fault == Fault::kUnreadable);
    check_parts(found.message, {path.string()});
  }
}

TEST_CASE("safetensors: a header length that cannot be true is refused") {
  refuse("", {"byte 0", "found a file of 0 bytes", "expected the 8 bytes"});
  refuse("1234567", {"byte 0", "found a file of 7 bytes"});
  refuse(little_endian(0, 8) + "{}", {"byte 0", "found a header length of 0", "expected 2 to 2"});
  refuse(little_endian(1, 8) + "{}", {"found a header length of 1"});
  refuse(little_endian(3, 8) + "{}", {"found a header length of 3", "expected 2 to 2"});
  refuse(little_endian(UINT64_MAX, 8) + "{}", {"length of 18446744073709551615"});
  refuse(little_endian(UINT64_MAX - 7, 8) + "{}", {"expected 2 to 2"});
  const TempFolder folder;
  const auto path = folder.file("w", little_endian(100'000'001, 8));
  std::filesystem::resize_file(path, 200'000'000);  // sparse
  check_parts(refusal_of([&] { (void)read_safetensors(path); }).message,
              {"found a header length of 100000001", "expected 2 to 100000000", "limit"});
}

TEST_CASE("safetensors: a header that is not a strict JSON object is refused at its place") {
  refuse(safetensors_file("[]", 0), {"byte 8", "expected", "'{'"});
  refuse(safetensors_file(" {}", 0), {"byte 8", "'{'"});
  refuse(safetensors_file("\xEF\xBB\xBF{}", 0), {"byte 8", "'{'"});
  refuse(safetensors_file("{} x", 0), {"not valid JSON"});
  refuse(safetensors_file("{}{}", 0), {"not valid JSON"});
  refuse(safetensors_file(std::string("{}\0\0", 4), 0), {"NUL"});
  refuse(named("\xff"), {"not valid JSON", "UTF-8"});
  refuse(safetensors_file("{\"a\":{\"b\":{\"c\":[[[[[[1]]]]]]}}}", 0), {"nested deeper than 8"});
  refuse(safetensors_file("{\"a\":" + std::string(100'000, '['), 0), {"nested deeper than 8"});
  const std::string a = "\"a\":" + tensor("\"F32\"", "[2]", "[0,8]");
  refuse(safetensors_file("{" + a + "," + a + "}", 8), {"$: ", "the key \"a\" occurs twice"});
  refuse(one(R"({"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]})"),
         {"$.a: ", "the key \"shape\" occurs twice"});
}

TEST_CASE("safetensors: a size that is not a plain integer in range is refused at its place") {
  for (const std::string_view size :
       {"-1", "2.0", "2.5", "2e0", "-0", "\"2\"", "null", "true", "[2]", "2147483649",
        "9223372036854775808", "18446744073709551618", "1e400", "NaN"}) {
    CAPTURE(size);
    const std::string number(size);
    const bool json = size != "NaN" && size != "1e400";
    refuse(one(tensor("\"F32\"", "[" + number + "]", "[0,8]")),
           {json ? "$.a.shape[0]: expected an integer from 0 to 2147483648" : "not valid JSON"});
    if (size == "2147483649") continue;  // a sound offset, too large for a dimension alone
    refuse(one(tensor("\"F32\"", "[2]", "[0," + number + "]")),
           {json ? "$.a.data_offsets[1]: expected an integer from 0 to" : "not valid JSON"});
  }
  refuse(one(tensor("\"F32\"", "[2]", "[0,9007199254740993]")), {"from 0 to 9007199254740992"});
}

TEST_CASE("safetensors: a tensor that is not described as one is refused by name") {
  refuse(one("7"), {"$.a: expected an object, found 7"});
  refuse(one("{}"), {"$.a: expected a member \"dtype\", found none"});
  refuse(one(R"({"dtype":"F32","data_offsets":[0,8]})"), {"$.a: expected a member \"shape\""});
  refuse(one(R"({"dtype":"F32","shape":[2]})"), {"$.a: expected a member \"data_offsets\""});
  refuse(one(tensor("\"F32\"", "2", "[0,8]")), {"$.a.shape: expected an array, found 2"});
  refuse(one(tensor("\"F32\"", "[2]", "[0]")),
         {"$.a.data_offsets: expected two offsets", "found 1"});
  refuse(one(tensor("\"F32\"", "[2]", "[0,8,8]")), {"expected two offsets", "found 3"});
}

TEST_CASE("safetensors: an element type this library does not know is refused, never skipped") {
  for (const std::string_view dtype : {"BOOL", "I16", "U64", "F8_E4M3", "f32", "F33", ""}) {
    CAPTURE(dtype);
    const std::string quoted = std::string(1, '"').append(dtype).append("\"");
    refuse(one(tensor(quoted, "[2]", "[0,8]")),
           {"$.a.dtype: found the element type " + quoted, "expected F64, F32"});
  }
  refuse(one(tensor("5", "[2]", "[0,8]")), {"$.a.dtype: expected a string, found 5"});
}

TEST_CASE("safetensors: shapes beyond the limits, or whose size overflows, are refused") {
  refuse(one(tensor("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "[0,8]")), {"9 dimensions", "at most 8"});
  const std::string huge = "2147483648";
  refuse(one(tensor("\"F32\"", "[" + huge + "," + huge + ",4]", "[0,0]"), 0), {"overflow"});
  refuse(one(tensor("\"F32\"", "[" + huge + "," + huge + ",1]", "[0,0]"), 0),
         {"expected", "found 0"});
  refuse(one(tensor("\"F32\"", "[0," + huge + "," + huge + "," + huge + "]", "[0,0]"), 0),
         {"overflow"});
  refuse(one(tensor("\"F32\"", "[1073741824,4294967296]", "[0,0]"), 0), {"shape[1]"});
}

TEST_CASE("safetensors: offsets that contradict the shape, each other or the file are refused") {
  refuse(one(tensor("\"F32\"", "[2]", "[8,0]")), {"begin 8 lies behind end 0"});
  refuse(one(tensor("\"F32\"", "[2]", "[0,7]"), 7), {"found 7 bytes", "expected [2] x 4 bytes"});
  refuse(one(tensor("\"F32\"", "[0]", "[0,8]")), {"found 8 bytes", "expected [0] x 4 bytes"});
  refuse(one(tensor("\"F32\"", "[2]", "[0,0]"), 0), {"found 0 bytes", "expected [2]"});
  refuse(one(tensor("\"F32\"", "[2]", "[4,12]"), 12),
         {"\"a\" begins at data byte 4", "expected 0", "bytes without owner"});
  refuse(two("[0,4]", "[5,9]", 9), {"\"b\" begins at data byte 5", "expected 4", "without owner"});
  refuse(two("[0,4]", "[3,7]", 7), {"\"b\" begins at data byte 3", "expected 4", "overlap"});
  refuse(two("[0,4]", "[0,4]", 4), {"\"b\" begins at data byte 0", "expected 4", "overlap"});
  refuse(two("[0,4]", "[4,8]", 7), {"found 7 bytes of data", "expected 8", "truncated"});
  refuse(two("[0,4]", "[4,8]", 9), {"found 9 bytes of data", "expected 8", "too long"});
  refuse(safetensors_file("{}", 1), {"found 1 bytes of data", "expected 0", "too long"});
}

TEST_CASE("safetensors: names that no tensor can have are refused") {
  refuse(named(""), {"empty tensor name"});
  refuse(named("a\\u0000b"), {"control character"});
  refuse(named("a\\nb"), {"control character"});
  refuse(named("a\x7F"), {"control character"});
  refuse(named(std::string(4097, 'n')), {"a tensor name of 4097 bytes", "at most 4096"});
  check_sound(named(std::string(4096, 'n')));
}

TEST_CASE("safetensors: metadata that are not strings are refused at their place") {
  refuse(safetensors_file(R"({"__metadata__":[]})", 0), {"$.__metadata__: expected an object"});
  refuse(safetensors_file(R"({"__metadata__":{"v":1}})", 0),
         {"$.__metadata__.v: expected a string, found 1"});
  refuse(safetensors_file(R"({"__metadata__":{"v":"1","v":"2"}})", 0), {"\"v\" occurs twice"});
  refuse(
      safetensors_file("{\"__metadata__\":{\"v\":\"" + std::string((1 << 20) + 1, 'x') + "\"}}", 0),
      {"$.__metadata__.v: a string of 1048577 bytes", "1048576"});
}

TEST_CASE("safetensors: more tensors than the limit are refused as a limit") {
  std::string header = "{";
  for (int i = 0; i < 65'537; ++i) {
    header.append(i > 0 ? ",\"" : "\"").append(std::to_string(i)).append("\":");
    header.append(tensor("\"I8\"", "[0]", "[0,0]"));
  }
  const TempFolder folder;
  const auto path = folder.file("w", safetensors_file(header + "}", 0));
  CHECK_THROWS_WITH_AS((void)read_safetensors(path),
                       (path.string() + ": 65537 tensors, at most 65536").c_str(), LimitError);
}

TEST_CASE("safetensors: a small file cut at any byte, or with one more, is refused") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["weight"] = Tensor({2, 2}, DType::kF32);
  weights.tensors["bias"] = Tensor({3}, DType::kF16);
  write_safetensors(folder.path() / "whole", weights, Overwrite::kNo);
  const std::string whole = contents_of(folder.path() / "whole");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    refuse(whole.substr(0, length), {"expected"});
  }
  refuse(whole + '\0', {"too long"});
}

TEST_CASE("safetensors: a flipped bit of the header is refused or changes nothing but names") {
  const TempFolder folder;
  Weights weights;
  weights.tensors["weight"] = Tensor({2, 2}, DType::kF32);
  weights.tensors["bias"] = Tensor({3}, DType::kF16);
  write_safetensors(folder.path() / "whole", weights, Overwrite::kNo);
  const std::string whole = contents_of(folder.path() / "whole");
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * (whole.size() - 22); ++bit) {
    CAPTURE(bit);
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto path = folder.file("flipped", bytes);
    try {
      const Weights read = read_safetensors(path);
      std::size_t data_bytes = 0;
      for (const auto& [name, tensor] : read.tensors) data_bytes += tensor.bytes();
      CHECK(data_bytes == 22);
    } catch (const FileError& error) {
      CHECK(error.fault() == Fault::kMalformed);
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("safetensors: what the reader would refuse is not written") {
  const TempFolder folder;
  const auto path = folder.path() / "w";
  for (const std::string& name :
       {std::string(), std::string("a\nb"), std::string("a\0b", 3), std::string(4097, 'n'),
        std::string("__metadata__"), std::string("\xff")}) {
    CAPTURE(name);
    Weights weights;
    weights.tensors[name] = Tensor({1}, DType::kF32);
    CHECK_THROWS_AS(write_safetensors(path, weights, Overwrite::kNo), FileError);
    CHECK(folder.entries() == 0);
  }
}
