// SPDX-License-Identifier: Apache-2.0
// Sharded checkpoints: a JSON index says which tensor lies in which of the files beside it.
#include <algorithm>

#include "core/text.h"
#include "io/safetensors.h"
#include "vitq/error.h"

namespace vitq {
namespace safetensors {
namespace {

bool is_plain_name(const std::string& name) {
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/' || c == '\\';
  };
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         std::none_of(name.begin(), name.end(), odd);
}

// A shard must be a file of the index's own folder, also after following links. Where the index is
// a link itself, as in the cache of the Hugging Face hub, it may lie where the index leads.
std::filesystem::path find_shard(const std::filesystem::path& index, const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path path = index.parent_path() / name;
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) {
    throw FileError(Fault::kUnreadable, path.string(),
                    cat("cannot open this shard of ", index.string(), ": ", error.message()));
  }
  const fs::path folder = fs::canonical(index.parent_path().empty() ? "." : index.parent_path());
  const bool beside = target.parent_path() == folder;
  if (!beside && target.parent_path() != fs::canonical(index).parent_path()) {
    throw FileError(Fault::kMalformed, path.string(),
                    cat("found a link to ", target.string(), ", expected a file in the folder of ",
                        index.string(), "; copy the file there"));
  }
  return path;
}

// Moves what `expected` lists, no more and no less, from the shard into `all`.
void take_shard(Weights shard, const ShardMap::value_type& expected, const std::string& index,
                Weights& all) {
  for (const std::string& name : expected.second) {
    if (shard.find(name) == nullptr) {
      throw FileError(Fault::kMalformed, index,
                      cat("the tensor ", Json(name).dump(), " is expected in ", expected.first,
                          ", which does not have it"));
    }
  }
  for (const auto& [name, tensor] : shard.tensors) {
    if (expected.second.count(name) > 0) continue;
    throw FileError(Fault::kMalformed, index,
                    cat(expected.first, " has the tensor ", Json(name).dump(),
                        ", which the index expects in another shard or not at all"));
  }
  shard.metadata.erase(std::string(kChecksumKey));
  all.tensors.merge(shard.tensors);
  all.metadata.merge(shard.metadata);
}

}  // namespace

ShardMap parse_index(const Json& index) {
  const Json map = index.at("weight_map");
  const auto members = map.members();
  if (members.empty()) map.fail("expected tensors, found none");
  if (members.size() > kMaxTensors) {
    throw LimitError(cat(map.place(), ": ", members.size(), " tensors, at most ", kMaxTensors));
  }
  ShardMap shards;
  for (const auto& [tensor, place] : members) {
    const std::string shard = place.string();
    if (!is_plain_name(shard)) {
      place.fail(
          cat("expected the plain name of a file beside the index, found ", Json(shard).dump()));
    }
    shards[shard].insert(tensor);
  }
  if (shards.size() > kMaxShards) {
    throw LimitError(cat(map.place(), ": ", shards.size(), " shards, at most ", kMaxShards));
  }
  return shards;
}

}  // namespace safetensors

Weights read_safetensors_index(const std::filesystem::path& index) {
  const safetensors::ShardMap shards = safetensors::parse_index(Json::read(index));
  Weights all;
  for (const auto& shard : shards) {
    const std::filesystem::path path = safetensors::find_shard(index, shard.first);
    safetensors::take_shard(read_safetensors(path), shard, index.string(), all);
  }
  return all;
}

}  // namespace vitq
