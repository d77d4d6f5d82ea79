// SPDX-License-Identifier: Apache-2.0
#include "vitq/npy.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

#include "support/malformed.h"
#include "support/temp_folder.h"

using namespace vitq;
using namespace vitq::test;

namespace {

std::string header(std::string_view descr, std::string_view order, std::string_view shape) {
  return "{'descr': '" + std::string(descr) + "', 'fortran_order': " + std::string(order) +
         ", 'shape': " + std::string(shape) + ", }\n";
}

std::string refusal(const std::string& bytes, Fault fault = Fault::kMalformed) {
  const TempFolder folder;
  const auto path = folder.file("x.npy", bytes);
  const Refusal found = refusal_of([&] { (void)read_npy(path); });
  CHECK(found.fault == fault);
  check_parts(found.message, {"x.npy: "});
  return found.message;
}

}  // namespace

TEST_CASE("a float tensor of any rank survives writing and reading as npy") {
  const TempFolder folder;
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{0}, Shape{2, 3}, Shape{1, 2, 3, 4},
                             Shape{1, 1, 1, 1, 1, 1, 1, 5}}) {
    CAPTURE(shape.str());
    Tensor tensor(shape, DType::kF32);
    float next = -1.5F;
    for (float& value : tensor.as<float>()) value = next += 1.0F;
    const auto path = folder.path() / "x.npy";
    write_npy(path, tensor, Overwrite::kYes);
    CHECK(contents_of(path).size() == 128 + tensor.bytes());
    const Tensor read = read_npy(path);
    REQUIRE(read.shape() == shape);
    for (std::size_t i = 0; i < read.as<float>().size(); ++i) {
      CHECK(read.as<float>()[i] == tensor.as<float>()[i]);
    }
  }
}

TEST_CASE("bytes survive writing and reading as npy") {
  const TempFolder folder;
  Tensor tensor({2, 3}, DType::kU8);
  for (std::size_t i = 0; i < 6; ++i)
    tensor.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(50 * i);
  write_npy(folder.path() / "x.npy", tensor, Overwrite::kNo);
  const Tensor read = read_npy(folder.path() / "x.npy");
  REQUIRE(read.shape() == tensor.shape());
  CHECK(std::ranges::equal(read.as<std::uint8_t>(), tensor.as<std::uint8_t>()));
}

TEST_CASE("only floats and bytes are written as npy, and no existing file is replaced unasked") {
  const TempFolder folder;
  CHECK_THROWS_AS(write_npy(folder.path() / "x", Tensor({1}, DType::kS8), Overwrite::kNo),
                  ShapeError);
  CHECK(folder.entries() == 0);
  const auto path = folder.file("old", "old");
  CHECK_THROWS_AS(write_npy(path, Tensor({1}, DType::kF32), Overwrite::kNo), FileError);
  CHECK(contents_of(path) == "old");
}

TEST_CASE("npy files as NumPy writes them are read, doubles rounded to float") {
  const TempFolder folder;
  const double values[] = {1.0, 1e-3, -2.0};
  std::string bytes = npy_file(header("<f8", "False", "(3,)"), 0);
  bytes.append(reinterpret_cast<const char*>(values), sizeof(values));
  const Tensor tensor = read_npy(folder.file("x.npy", bytes));
  CHECK(tensor.dtype() == DType::kF32);
  CHECK(tensor.as<float>()[1] == 1e-3F);

  const std::string text = header("<f4", "False", "(2, 1)");
  std::string second = "\x93NUMPY\x02" + std::string(1, '\0') + little_endian(text.size(), 4);
  CHECK(read_npy(folder.file("y.npy", second + text + std::string(8, '\0'))).shape() ==
        Shape{2, 1});
}

TEST_CASE("npy files of another kind are refused with what to do") {
  check_parts(refusal(npy_file(header("<f4", "True", "(2, 2)"), 16)),
              {"Fortran order", "C order", "ascontiguousarray"});
  check_parts(refusal(npy_file(header(">f4", "False", "(1,)"), 4)), {"\">f4\"", "astype('<f4')"});
  check_parts(refusal(npy_file(header("<i8", "False", "(1,)"), 8)), {"\"<i8\"", "\"<f4\""});
  check_parts(refusal(npy_file("{'descr': [('a', '<f4')], 'fortran_order': False}", 4)),
              {"byte ", "plain element type"});
  std::string future = npy_file(header("<f4", "False", "(1,)"), 4);
  future[6] = 3;
  check_parts(refusal(future, Fault::kMismatch), {"byte 6", "version 3.0", "1.0 or 2.0"});
}

TEST_CASE("a broken npy header is refused at its byte") {
  for (const std::string_view text :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'descr': '<f4'}", "{'a': 1}",
        "{'descr': '<f4", "{'descr' '<f4'}", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
        "{'descr': '<f4', 'fortran_order': False 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x"}) {
    CAPTURE(text);
    check_parts(refusal(npy_file(text, 4)), {"byte ", "expected"});
  }
}

TEST_CASE("an npy file with too few or too many bytes is refused, wherever it is cut") {
  const std::string whole = npy_file(header("<f4", "False", "(2, 3)"), 24);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    (void)refusal(whole.substr(0, length));
  }
  check_parts(refusal(whole + "x"), {"25 bytes", "expected [2, 3] x 4"});
  check_parts(refusal(npy_file(header("<f4", "False", "(1099511627776, 1099511627776)"), 0)),
              {"overflow"});
  check_parts(refusal("PK\x03\x04 an archive"), {"byte 0", "no .npy file"});
}
