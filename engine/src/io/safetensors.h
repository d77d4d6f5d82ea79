// SPDX-License-Identifier: Apache-2.0
// This is the safetensors container, apart from files. It has 8 bytes of little-endian header
// length, a JSON header, and the data section that the header describes without gap or overlap.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vitq/json.h"
#include "vitq/weights.h"

namespace vitq::safetensors {

// What this library reads, and therefore what it writes.
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::size_t kMaxTensors = 65'536;
constexpr std::size_t kMaxShards = 1000;
constexpr std::string_view kMetadataKey = "__metadata__";
constexpr std::string_view kChecksumKey = "xxh3";

// One tensor as the header states it; begin and end count from the start of the data section.
struct Entry {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Header {
  std::vector<Entry> entries;  // in the order of their data
  std::map<std::string, std::string, std::less<>> metadata;
  std::size_t data_begin = 0;  // bytes from the start of the file
};

// Validates everything but the numbers themselves. `name` is what messages call the file. Throws
// FileError or LimitError.
Header parse_header(std::span<const std::byte> file, const std::string& name);
// The same for the JSON text alone, which is followed by `data_bytes` of data.
Header parse_header(std::string_view text, std::size_t data_bytes, const std::string& name);

// All of a file that lies in memory, kept alive by `owner`. Tensors borrow from it except where
// their place in the file does not suit their type; those are copied.
Weights parse(std::span<std::byte> file, const std::shared_ptr<void>& owner,
              const std::string& name, bool verify);

// Which tensors an index expects in which shard. Every shard is a plain file name.
using ShardMap = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;
ShardMap parse_index(const Json& index);

// "F32", "I8", ... as the header spells it.
std::string_view spelling_of(DType dtype);

// XXH3-64, fed piece by piece.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::span<const std::byte> bytes);
  std::string hex() const;  // 16 lower-case digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vitq::safetensors
