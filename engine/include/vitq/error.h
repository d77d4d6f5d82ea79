// SPDX-License-Identifier: Apache-2.0
// These are the errors that the library throws. Loading, tracing, lowering and the checked edge of
// Session::run throw them; kernels never do. The programs map each class to an exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace vitq {

// Who catches this catches everything that the library reports.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// It says what is wrong with a file.
enum class Fault {
  kUnreadable,  // missing, not a regular file, no permission, or would have to be overwritten
  kMalformed,   // truncated, contradictory, or not of the expected kind
  kMismatch,    // checksum or format version differs from what this library understands
};

// A file cannot be used. The message names the file, the place in it (byte offset or JSON path),
// what was found and what was expected.
class FileError : public Error {
 public:
  FileError(Fault fault, const std::string& path, const std::string& message)
      : Error(path + ": " + message), fault_(fault) {}
  Fault fault() const { return fault_; }

 private:
  Fault fault_;
};

// Tensors are missing, unexpected, misshaped or not finite. One message lists all of them.
class WeightError : public Error {
 public:
  using Error::Error;
};

// A graph or an input does not fit. The message names the node and both shapes.
class ShapeError : public Error {
 public:
  using Error::Error;
};

// The request is valid, but this library cannot do it. The message says what to do instead.
class UnsupportedError : public Error {
 public:
  using Error::Error;
};

// The environment variable VITQ_ISA names no tier of instruction sets. The message names the
// variable, the value found and all tiers.
class IsaError : public Error {
 public:
  using Error::Error;
};

// A documented limit (image size, memory, tensor count) would be exceeded.
class LimitError : public Error {
 public:
  using Error::Error;
};

}  // namespace vitq
