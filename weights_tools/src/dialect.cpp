// SPDX-License-Identifier: Apache-2.0
// This file applies a dialect's rules to the names of a checkpoint.
#include <algorithm>
#include <cstring>
#include <optional>

#include "fold.h"
#include "vitq/canonical_names.h"
#include "vitq/error.h"

namespace vitq {
namespace {

std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

// Answers what the star of one part stands for. It is empty where there is none.
std::optional<std::string_view> match_part(std::string_view wanted, std::string_view found) {
  if (!wanted.ends_with('*'))
    return wanted == found ? std::optional(found.substr(0, 0)) : std::nullopt;
  wanted.remove_suffix(1);
  if (!found.starts_with(wanted)) return std::nullopt;
  return found.substr(wanted.size());
}

// Answers what the stars of `pattern` stand for in `name`.
std::optional<std::vector<std::string_view>> match(std::string_view pattern,
                                                   std::string_view name) {
  const std::vector<std::string_view> wanted = parts_of(pattern);
  const std::vector<std::string_view> found = parts_of(name);
  if (wanted.size() != found.size()) return std::nullopt;
  std::vector<std::string_view> stars;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto star = match_part(wanted[i], found[i]);
    if (!star) return std::nullopt;
    if (wanted[i].ends_with('*')) stars.push_back(*star);
  }
  return stars;
}

std::string fill(std::string_view pattern, const std::vector<std::string_view>& stars) {
  std::string name;
  std::size_t next = 0;
  for (const std::string_view part : parts_of(pattern)) {
    if (!name.empty()) name += '.';
    if (part.ends_with('*')) {
      name.append(part.substr(0, part.size() - 1)).append(stars[next++]);
    } else {
      name += part;
    }
  }
  return name;
}

// What programs wrap a network in: DataParallel and AveragedModel, Lightning, transformers' wrapper
// of timm models.
constexpr std::string_view kWrappers[] = {"module.", "model.", "timm_model.", "net.",
                                          "state_dict."};
// What they wrap any part of it in: torch.compile, FSDP, checkpoints of activations.
constexpr std::string_view kWrappedParts[] = {"_orig_mod.", "_fsdp_wrapped_module.",
                                              "_checkpoint_wrapped_module."};
// What training leaves beside a network: averages of its weights, and what losses hold.
constexpr std::string_view kTraining[] = {
    "ema.",  "ema_model.", "model_ema.", "state_dict_ema.", "criterion.",
    "loss.", "loss_fn.",   "loss_fct.",  "n_averaged"};

std::string without(std::string name, std::string_view part) {
  for (std::size_t at = name.find(part); at != std::string::npos; at = name.find(part, at))
    name.erase(at, part.size());
  return name;
}

bool take_off(std::string& name, std::span<const std::string_view> prefixes) {
  for (const std::string_view prefix : prefixes) {
    if (!name.starts_with(prefix)) continue;
    name.erase(0, prefix.size());
    return true;
  }
  return false;
}

// Takes prefixes off in any order, as often as they are there.
Tensors stripped(const Tensors& tensors, std::span<const std::string_view> prefixes) {
  Tensors result;
  for (const auto& [original, tensor] : tensors) {
    std::string name = original;
    for (const std::string_view part : kWrappedParts) name = without(std::move(name), part);
    while (take_off(name, kWrappers) || take_off(name, prefixes)) continue;
    insert(result, std::move(name), tensor);
  }
  return result;
}

bool is_ignored(std::string_view name, std::span<const std::string_view> patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    return pattern.ends_with('.') ? name.starts_with(pattern) : match(pattern, name).has_value();
  });
}

std::string describe(const Tensor& tensor) {
  return std::string(name_of(tensor.dtype())) + " " + tensor.shape().str();
}

Tensor joined(const std::string& to, std::span<const Tensor> parts) {
  for (const Tensor& part : parts) {
    if (part.shape() != parts[0].shape() || part.dtype() != parts[0].dtype() ||
        part.shape().rank() == 0) {
      throw WeightError("cannot join '" + to + "': its parts are " + describe(parts[0]) + " and " +
                        describe(part));
    }
  }
  const Shape& shape = parts[0].shape();
  Tensor result(shape.with(0, shape[0] * static_cast<std::int64_t>(parts.size())),
                parts[0].dtype());
  std::byte* out = result.data();
  for (const Tensor& part : parts) {
    if (part.bytes() > 0) std::memcpy(out, part.data(), part.bytes());
    out += part.bytes();
  }
  return result;
}

// Replaces the parts of each join that are all there.
void apply(const Join& join, Tensors& tensors) {
  Tensors result;
  for (const auto& [name, tensor] : tensors) {
    const auto stars = match(join.from[0], name);
    if (!stars) continue;
    std::vector<Tensor> parts;
    std::vector<std::string> names;
    for (const std::string_view from : join.from) {
      if (from.empty()) continue;
      names.push_back(fill(from, *stars));
      const auto part = tensors.find(names.back());
      if (part != tensors.end()) parts.push_back(part->second);
    }
    if (parts.size() != names.size()) continue;  // reported as missing and unexpected later
    std::string to = fill(join.to, *stars);
    Tensor whole = joined(to, parts);
    insert(result, std::move(to), std::move(whole));
  }
  for (const auto& [name, tensor] : tensors) {
    bool used = false;
    for (const std::string_view from : join.from) {
      const auto stars = match(from, name);
      used = used || (stars && result.contains(fill(join.to, *stars)));
    }
    if (!used) insert(result, name, tensor);
  }
  tensors = std::move(result);
}

void apply(const Split& split, Tensors& tensors) {
  Tensors result;
  for (auto& [name, tensor] : tensors) {
    const auto stars = match(split.from, name);
    if (!stars) {
      insert(result, name, std::move(tensor));
      continue;
    }
    const auto count =
        std::ranges::count_if(split.to, [](std::string_view to) { return !to.empty(); });
    const Shape& shape = tensor.shape();
    if (shape.rank() == 0 || shape[0] % count != 0) {
      throw WeightError("cannot split '" + name + "': it is " + describe(tensor));
    }
    const std::byte* from = tensor.data();
    for (const std::string_view to : split.to) {
      if (to.empty()) continue;
      Tensor part(shape.with(0, shape[0] / count), tensor.dtype());
      if (part.bytes() > 0) std::memcpy(part.data(), from, part.bytes());
      from += part.bytes();
      insert(result, fill(to, *stars), std::move(part));
    }
  }
  tensors = std::move(result);
}

void apply(const Norm& rule, Tensors& tensors) {
  const std::string pattern = std::string(rule.conv) + ".weight";
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, tensor] : tensors) {
    const auto stars = match(pattern, name);
    if (!stars) continue;
    const std::string norm = fill(rule.norm, *stars);
    if (tensors.contains(norm + ".running_var")) found.emplace_back(fill(rule.conv, *stars), norm);
  }
  for (const auto& [conv, norm] : found) fold_norm(conv, norm, tensors);
}

void apply(const LayerScale& rule, Tensors& tensors) {
  std::string missing;
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [name, tensor] : tensors) {
    const auto stars = match(std::string(rule.layer) + ".weight", name);
    if (!stars) continue;
    const std::string gain = fill(rule.gain, *stars);
    if (tensors.contains(gain)) {
      found.emplace_back(fill(rule.layer, *stars), gain);
    } else {
      missing += "\n  missing: " + gain;
    }
  }
  if (found.empty()) return;
  if (!missing.empty()) throw WeightError("LayerScale is not everywhere:" + missing);
  for (const auto& [layer, gain] : found) fold_layer_scale(layer, gain, tensors);
}

Tensor with_rank(const Tensor& tensor, int rank) {
  const std::span<const std::int64_t> dims = tensor.shape().dims();
  const auto lacking = std::max(rank - tensor.shape().rank(), 0);
  std::vector<std::int64_t> extents(static_cast<std::size_t>(lacking), 1);
  extents.insert(extents.end(), dims.begin(), dims.end());
  return tensor.reshaped(Shape(extents));
}

void insert_renamed(Tensors& tensors, const std::string& name, Tensor tensor,
                    std::span<const Rename> renames) {
  for (const Rename& rename : renames) {
    const auto stars = match(rename.from, name);
    if (stars) return insert(tensors, fill(rename.to, *stars), with_rank(tensor, rename.rank));
  }
  insert(tensors, name, std::move(tensor));
}

void drop_beside_head(std::span<const std::string_view> patterns, Renamed& result) {
  Tensors& tensors = result.weights.tensors;
  if (!tensors.contains("head.weight")) return;
  for (auto it = tensors.begin(); it != tensors.end();) {
    const bool drop = is_ignored(it->first, patterns);
    if (drop) result.ignored.push_back(it->first);
    it = drop ? tensors.erase(it) : std::next(it);
  }
}

Renamed apply(const Dialect& dialect, Tensors tensors) {
  Renamed result;
  result.dialect = dialect.name;
  for (const Join& join : dialect.joins) apply(join, tensors);
  for (const Split& split : dialect.splits) apply(split, tensors);
  for (const Norm& norm : dialect.norms) apply(norm, tensors);
  for (const LayerScale& scale : dialect.layer_scales) apply(scale, tensors);
  for (auto& [name, tensor] : tensors) {
    if (is_ignored(name, dialect.ignore) || is_ignored(name, kTraining)) {
      result.ignored.push_back(name);
    } else {
      insert_renamed(result.weights.tensors, name, std::move(tensor), dialect.renames);
    }
  }
  drop_beside_head(dialect.ignore_beside_head, result);
  return result;
}

}  // namespace

bool matches(const Weights& weights, std::span<const Dialect> dialects) {
  return std::any_of(dialects.begin(), dialects.end(), [&](const Dialect& dialect) {
    return stripped(weights.tensors, dialect.strip).contains(dialect.mark);
  });
}

Renamed to_canonical_names(const Weights& weights, std::span<const Dialect> dialects) {
  std::string marks;
  for (const Dialect& dialect : dialects) {
    Tensors tensors = stripped(weights.tensors, dialect.strip);
    if (tensors.contains(dialect.mark)) return apply(dialect, std::move(tensors));
    marks += (marks.empty() ? "" : ", ") + std::string(dialect.mark);
  }
  throw UnsupportedError("no checkpoint of a known kind: none of the tensors " + marks +
                         " is there");
}

}  // namespace vitq
