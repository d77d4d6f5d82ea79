// SPDX-License-Identifier: Apache-2.0
// From a validated header to tensors that borrow the file.
#include <algorithm>
#include <cstring>

#include "core/text.h"
#include "io/mapped_file.h"
#include "io/safetensors.h"
#include "vitq/error.h"

namespace vitq {
namespace safetensors {
namespace {

void check_checksum(const Header& header, std::span<const std::byte> data,
                    const std::string& name) {
  const auto stated = header.metadata.find(kChecksumKey);
  if (stated == header.metadata.end()) return;
  Checksum checksum;
  checksum.add(data);
  const std::string found = checksum.hex();
  if (found == stated->second) return;
  throw FileError(Fault::kMismatch, name,
                  cat("the checksum of the data is ", found, ", expected ",
                      Json(stated->second).dump(), " (xxh3 in the metadata): the file is damaged"));
}

}  // namespace

Weights parse(std::span<std::byte> file, const std::shared_ptr<void>& owner,
              const std::string& name, bool verify) {
  Header header = parse_header(file, name);
  const std::span<std::byte> data = file.subspan(header.data_begin);
  if (verify) check_checksum(header, data, name);
  Weights weights;
  weights.metadata = std::move(header.metadata);
  for (const Entry& entry : header.entries) {
    std::byte* begin = data.data() + entry.begin;
    const bool aligned = reinterpret_cast<std::uintptr_t>(begin) % size_of(entry.dtype) == 0;
    Tensor tensor = aligned ? Tensor::borrow(entry.shape, entry.dtype, begin, owner)
                            : Tensor(entry.shape, entry.dtype);
    if (!aligned && tensor.bytes() > 0) std::memcpy(tensor.data(), begin, tensor.bytes());
    weights.tensors.emplace_hint(weights.tensors.end(), entry.name, std::move(tensor));
  }
  return weights;
}

}  // namespace safetensors

Weights read_safetensors(const std::filesystem::path& path, bool verify) {
  const auto file = std::make_shared<MappedFile>(path);
  return safetensors::parse(file->bytes(), file, path.string(), verify);
}

Weights read_safetensors(std::span<const std::byte> file, const std::string& name, bool verify) {
  const auto copy = std::make_shared<Tensor>(Shape{std::ssize(file)}, DType::kU8);
  std::ranges::copy(file, copy->data());
  return safetensors::parse({copy->data(), file.size()}, copy, name, verify);
}

}  // namespace vitq
