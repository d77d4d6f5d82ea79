// SPDX-License-Identifier: Apache-2.0
// Named tensors and the one binary format of the project: safetensors, for checkpoints, converted
// and frozen models, golden tensors and statistics alike.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "vitq/tensor.h"

namespace vitq {

// The contents of a safetensors file: tensors by name, and the strings of `__metadata__`.
struct Weights {
  std::map<std::string, Tensor, std::less<>> tensors;
  std::map<std::string, std::string, std::less<>> metadata;

  // Null if there is none of that name.
  const Tensor* find(std::string_view name) const;
  // Throws WeightError if there is none of that name.
  const Tensor& at(std::string_view name) const;
};

// This maps `path` into memory and validates all of it before the first tensor is handed out. The
// tensors borrow the mapping, which is private, so that writing to one never reaches the file.
// FileError or LimitError is thrown. If the metadata has the key "xxh3" (hexadecimal XXH3-64 of the
// data section), the data are checked against it when `verify` is set: FileError(kMismatch).
Weights read_safetensors(const std::filesystem::path& path, bool verify = false);
// The same of a file that lies in memory, which is copied. `name` is what messages call it.
Weights read_safetensors(std::span<const std::byte> file, const std::string& name,
                         bool verify = false);

// Reads the shards that a `model.safetensors.index.json` names. Shards must lie beside the index.
Weights read_safetensors_index(const std::filesystem::path& index);

// XXH3-64 in hexadecimal of the bytes of these files, one after the other: names what a result was
// made from. Throws FileError (kUnreadable).
std::string digest_of(std::span<const std::filesystem::path> files);

enum class Overwrite { kNo, kYes };

// This writes to a temporary file beside `path`, syncs it and renames it. So a reader never sees
// half a file, and an existing file survives any failure. It adds the metadata key "xxh3". Tensors
// are written in the order of falling alignment, then name. Equal input gives equal bytes.
// FileError(kUnreadable) is thrown if the file exists and may not be overwritten.
void write_safetensors(const std::filesystem::path& path, const Weights& weights,
                       Overwrite overwrite);
// How long the file will be.
std::int64_t safetensors_bytes(const Weights& weights);

// The same discipline for any bytes: reports, images, JSON.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                Overwrite overwrite);
void write_file(const std::filesystem::path& path, std::string_view text, Overwrite overwrite);

}  // namespace vitq
