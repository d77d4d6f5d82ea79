// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "io/mapped_file.h"
#include "io/safetensors.h"

namespace vitq::safetensors {

struct Checksum::State {
  XXH3_state_t xxh3;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  XXH3_64bits_reset(&state_->xxh3);
}

Checksum::~Checksum() = default;

void Checksum::add(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

std::string Checksum::hex() const {
  const XXH64_hash_t hash = XXH3_64bits_digest(&state_->xxh3);
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15U];
  return text;
}

}  // namespace vitq::safetensors

namespace vitq {

std::string digest_of(std::span<const std::filesystem::path> files) {
  safetensors::Checksum checksum;
  for (const std::filesystem::path& file : files) checksum.add(MappedFile(file).bytes());
  return checksum.hex();
}

}  // namespace vitq
