// SPDX-License-Identifier: Apache-2.0
// An accepted shard index names files of its own folder and nothing else.
#include "fuzz/target.h"
#include "io/safetensors.h"
#include "vitq/error.h"

void check(std::span<const std::uint8_t> input) {
  const auto shards = vitq::safetensors::parse_index(vitq::Json::parse(as_text(input), "index"));
  for (const auto& [shard, tensors] : shards) {
    const std::filesystem::path path = std::filesystem::path("folder") / shard;
    const bool inside = path.lexically_normal().parent_path() == "folder";
    const bool whole = path.native().find('\0') == std::string::npos;
    if (!inside || !whole || !path.has_filename() || tensors.empty()) __builtin_trap();
  }
}
