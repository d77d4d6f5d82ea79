// SPDX-License-Identifier: Apache-2.0
// This file applies a dialect's rules to the names of a checkpoint.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

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

using Tensors = std::map<std::string, Tensor, std::less<>>;

void insert(Tensors& tensors, std::string name, Tensor tensor) {
  const auto [place, fresh] = tensors.emplace(std::move(name), std::move(tensor));
  if (!fresh) throw WeightError("two tensors of the checkpoint mean '" + place->first + "'");
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
      names.push_back(fill(from, *stars));
      const auto part = tensors.find(names.back());
      if (part != tensors.end()) parts.push_back(part->second);
    }
    if (parts.size() != join.from.size()) continue;  // reported as missing and unexpected later
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
    const auto count = static_cast<std::int64_t>(split.to.size());
    const Shape& shape = tensor.shape();
    if (shape.rank() == 0 || shape[0] % count != 0) {
      throw WeightError("cannot split '" + name + "': it is " + describe(tensor));
    }
    const std::byte* from = tensor.data();
    for (const std::string_view to : split.to) {
      Tensor part(shape.with(0, shape[0] / count), tensor.dtype());
      if (part.bytes() > 0) std::memcpy(part.data(), from, part.bytes());
      from += part.bytes();
      insert(result, fill(to, *stars), std::move(part));
    }
  }
  tensors = std::move(result);
}

// Holds a norm's four vectors, in f32.
Tensor take_vector(Tensors& tensors, const std::string& name, std::int64_t channels) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) throw WeightError("missing: " + name);
  if (found->second.shape() != Shape{channels}) {
    throw WeightError("misshaped: " + name + ": expected " + Shape{channels}.str() + ", found " +
                      found->second.shape().str());
  }
  Tensor vector = found->second.to_f32();
  tensors.erase(found);
  return vector;
}

// Computes weight * g and bias = b - mean * g with g = gain / sqrt(var + eps), in double.
void fold_norm(const std::string& conv, const std::string& norm, Tensors& tensors) {
  constexpr double kEps = 1e-5;  // of torchvision's, timm's and DETR's frozen batch norms
  Tensor weight = tensors.at(conv + ".weight").to_f32().clone();
  if (weight.shape().rank() != 4 || weight.shape()[0] == 0) {
    throw WeightError("misshaped: " + conv + ".weight: expected rank 4, found " +
                      weight.shape().str());
  }
  const std::int64_t channels = weight.shape()[0];
  const Tensor gain = take_vector(tensors, norm + ".weight", channels);
  const Tensor offset = take_vector(tensors, norm + ".bias", channels);
  const Tensor mean = take_vector(tensors, norm + ".running_mean", channels);
  const Tensor variance = take_vector(tensors, norm + ".running_var", channels);
  Tensor bias({channels}, DType::kF32);
  const std::span<float> w = weight.as<float>();
  const std::size_t columns = w.size() / static_cast<std::size_t>(channels);
  for (std::size_t o = 0; o < static_cast<std::size_t>(channels); ++o) {
    const auto at = [o](const Tensor& v) { return static_cast<double>(v.as<float>()[o]); };
    if (!(at(variance) >= 0.0)) {
      throw WeightError(norm + ".running_var: element " + std::to_string(o) + " is " +
                        std::to_string(at(variance)) + "; a variance is not negative");
    }
    const double g = at(gain) / std::sqrt(at(variance) + kEps);
    for (float& value : w.subspan(o * columns, columns))
      value = static_cast<float>(static_cast<double>(value) * g);
    bias.as<float>()[o] = static_cast<float>(at(offset) - at(mean) * g);
  }
  tensors.insert_or_assign(conv + ".weight", std::move(weight));
  insert(tensors, conv + ".bias", std::move(bias));
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

std::string renamed(std::string_view name, std::span<const Rename> renames) {
  for (const Rename& rename : renames) {
    if (const auto stars = match(rename.from, name)) return fill(rename.to, *stars);
  }
  return std::string(name);
}

Renamed apply(const Dialect& dialect, Tensors tensors) {
  Renamed result;
  result.dialect = dialect.name;
  for (const Join& join : dialect.joins) apply(join, tensors);
  for (const Split& split : dialect.splits) apply(split, tensors);
  for (const Norm& norm : dialect.norms) apply(norm, tensors);
  for (auto& [name, tensor] : tensors) {
    if (is_ignored(name, dialect.ignore) || is_ignored(name, kTraining)) {
      result.ignored.push_back(name);
    } else {
      insert(result.weights.tensors, renamed(name, dialect.renames), std::move(tensor));
    }
  }
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
