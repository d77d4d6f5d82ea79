// SPDX-License-Identifier: Apache-2.0
#include "io/foreign_file.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vitq {
namespace {

struct Kind {
  std::string_view begin;
  std::string_view what;
};

constexpr std::string_view kPickle =
    "a pickle of PyTorch; docs/checkpoints.md says how to make a safetensors file of it";

// Letters of text are compared in lower case.
constexpr std::array kKinds = {
    Kind{"version https://git-lfs",
         "a Git LFS pointer and not the file itself; run 'git lfs pull' where it is from"},
    Kind{"<!doctype html", "a page of HTML, as a failed download leaves it; download it anew"},
    Kind{"<html", "a page of HTML, as a failed download leaves it; download it anew"},
    Kind{"<?xml", "a page of XML, as a failed download leaves it; download it anew"},
    Kind{"pk\x03\x04", kPickle},
    Kind{"\x80\x02", kPickle},
    Kind{"\x89hdf", "a file of HDF5, as TensorFlow and Keras write it; safetensors is expected"},
    Kind{"gguf", "a GGUF file; safetensors is expected"},
    Kind{"\x93numpy", "an array of NumPy; safetensors is expected"},
    Kind{"\x1f\x8b", "compressed by gzip; unpack it"},
};

}  // namespace

std::string foreign_file(std::span<const std::byte> file) {
  constexpr std::size_t kLongest = 64;
  std::string begin;
  for (const std::byte b : file.first(std::min(file.size(), kLongest))) {
    const auto c = std::to_integer<unsigned char>(b);
    if (begin.empty() && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) continue;
    begin += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  for (const Kind& kind : kKinds) {
    if (begin.starts_with(kind.begin)) return "this is " + std::string(kind.what);
  }
  return "";
}

}  // namespace vitq
