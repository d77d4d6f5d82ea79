// SPDX-License-Identifier: Apache-2.0
// The safetensors files written here let every tensor be used in place. Data begin at a multiple of
// 64, and each tensor at a multiple of its element size.
#include <algorithm>

#include "core/checked.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "io/safetensors.h"
#include "vitq/error.h"

namespace vitq {
namespace {

using Named = std::pair<const std::string, Tensor>;

// Sizes are multiples of their own element and of every smaller one, so this order needs no gaps.
std::vector<const Named*> file_order(const Weights& weights) {
  std::vector<const Named*> order;
  for (const Named& tensor : weights.tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const Named* a, const Named* b) {
    return size_of(a->second.dtype()) > size_of(b->second.dtype());
  });
  return order;
}

std::string metadata_text(const Weights& weights, const std::string& checksum) {
  auto metadata = weights.metadata;
  metadata[std::string(safetensors::kChecksumKey)] = checksum;
  std::string text;
  for (const auto& [key, value] : metadata) {
    text += cat(text.empty() ? "" : ",", Json(key).dump(), ":", Json(value).dump());
  }
  return text;
}

std::string header_text(const Weights& weights, std::span<const Named* const> order,
                        const std::string& checksum) {
  std::string text =
      cat("{\"", safetensors::kMetadataKey, "\":{", metadata_text(weights, checksum), "}");
  std::int64_t begin = 0;
  for (const Named* named : order) {
    const auto& [name, tensor] = *named;
    const std::int64_t end = checked_add(begin, static_cast<std::int64_t>(tensor.bytes()));
    text +=
        cat(",", Json(name).dump(), ":{\"dtype\":\"", safetensors::spelling_of(tensor.dtype()),
            "\",\"shape\":", tensor.shape().str(), ",\"data_offsets\":[", begin, ",", end, "]}");
    begin = end;
  }
  text += "}";
  constexpr std::size_t kAlignment = 64;
  const std::size_t used = (safetensors::kLengthBytes + text.size()) % kAlignment;
  if (used > 0) text.append(kAlignment - used, ' ');
  return text;
}

// 64 bits, also where sizes have 32.
std::string length_prefix(std::uint64_t length) {
  std::string prefix;
  for (std::size_t i = 0; i < safetensors::kLengthBytes; ++i) {
    prefix += static_cast<char>(length >> (8 * i) & 0xFFU);
  }
  return prefix;
}

// Whatever the reader would refuse must not be written, so the reader is asked.
void check_readable(const std::string& header, const Weights& weights, const std::string& path) {
  std::size_t data_bytes = 0;
  for (const auto& [name, tensor] : weights.tensors) data_bytes += tensor.bytes();
  const safetensors::Header read = safetensors::parse_header(header, data_bytes, path);
  for (const safetensors::Entry& entry : read.entries) {
    if (weights.find(entry.name) != nullptr) continue;
    throw FileError(Fault::kMalformed, path,
                    cat("the tensor name ", Json(entry.name).dump(), " is not valid UTF-8"));
  }
}

}  // namespace

std::int64_t safetensors_bytes(const Weights& weights) {
  const std::string checksum(16, '0');
  std::size_t bytes =
      safetensors::kLengthBytes + header_text(weights, file_order(weights), checksum).size();
  for (const auto& [name, tensor] : weights.tensors) bytes += tensor.bytes();
  return static_cast<std::int64_t>(bytes);
}

void write_safetensors(const std::filesystem::path& path, const Weights& weights,
                       Overwrite overwrite) {
  const std::vector<const Named*> order = file_order(weights);
  safetensors::Checksum checksum;
  for (const Named* named : order) {
    checksum.add({named->second.data(), named->second.bytes()});
  }
  const std::string header = header_text(weights, order, checksum.hex());
  check_readable(header, weights, path.string());
  AtomicFile file(path, overwrite);
  file.write(length_prefix(header.size()));
  file.write(header);
  for (const Named* named : order) file.write({named->second.data(), named->second.bytes()});
  file.commit();
}

}  // namespace vitq
