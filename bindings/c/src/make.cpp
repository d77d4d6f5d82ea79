// SPDX-License-Identifier: Apache-2.0
// Model files are made: of checkpoints, and int8 ones of float ones.
#include <filesystem>

#include "call.h"
#include "paths.h"
#include "results.h"
#include "vitq/convert.h"
#include "vitq/model_file.h"
#include "vitq/quantize_model.h"

namespace vitq::c {

namespace {

Overwrite overwrite_of(std::int32_t flag) {
  return flag == 0 ? Overwrite::kNo : Overwrite::kYes;
}

// A null pointer stands for no option.
template <typename T>
T or_none(const char* text) {
  return text == nullptr ? T{} : T{text};
}

ConvertOptions options_of(const vitq_convert_options& given) {
  ConvertOptions options;
  options.arch = or_none<std::string>(given.family);
  options.preset = or_none<std::string>(given.preset);
  options.preprocessor = or_none<std::filesystem::path>(given.preprocessor);
  options.labels = or_none<std::filesystem::path>(given.labels);
  options.head = or_none<std::filesystem::path>(given.head);
  if (given.heads < 0) throw ArgumentError("options->heads is less than 0");
  if (given.heads > 0) options.heads = given.heads;
  if (given.image_height == 0 && given.image_width == 0) return options;
  if (given.image_height < 1 || given.image_width < 1) {
    throw ArgumentError("options->image_height and image_width are both given, or neither is");
  }
  options.image_size = {.width = given.image_width, .height = given.image_height};
  return options;
}

Json json_of(const Converted& made) {
  Json json = Json::object();
  json.set("family", made.info.family).set("dialect", made.dialect);
  json.set("assumptions", Json::array(made.assumptions)).set("choices", Json::array(made.choices));
  return json.set("ignored", Json::array(made.ignored))
      .set("unknown_keys", Json::array(made.unknown_keys));
}

int bits_of(std::int32_t bits, int usual, const char* name) {
  if (bits == 0) return usual;
  if (bits < kMinBits || bits > kMaxBits) {
    throw ArgumentError(std::string(name) + " is " + std::to_string(bits) + ", expected " +
                        std::to_string(kMinBits) + " to " + std::to_string(kMaxBits));
  }
  return bits;
}

void tell(const vitq_quantize_options& options, const Progress& progress) {
  vitq_progress told = {};
  told.size = sizeof(told);
  told.layer = progress.layer.c_str();
  told.index = progress.index;
  told.count = progress.count;
  told.seconds = progress.seconds;
  told.seconds_left = progress.seconds_left;
  if (options.progress(&told, options.user) != 0) throw Cancelled();
}

QuantizeModelOptions options_of(const vitq_quantize_options& given) {
  require_not_negative(given.limit, "options->limit");
  require_not_negative(given.threads, "options->threads");
  require_not_negative(given.memory_bytes, "options->memory_bytes");
  QuantizeModelOptions options;
  options.recipe = recipe_named(text_or(given.recipe, "default"));
  const Bits& usual = options.recipe.bits;
  options.bits = {bits_of(given.weight_bits, usual.weights, "options->weight_bits"),
                  bits_of(given.activation_bits, usual.activations, "options->activation_bits")};
  if (given.limit > 0) options.limit = static_cast<std::size_t>(given.limit);
  options.threads = given.threads;
  if (given.memory_bytes > 0) options.memory_bytes = given.memory_bytes;
  if (given.progress != nullptr) {
    options.progress = [&given](const Progress& progress) { tell(given, progress); };
  }
  return options;
}

Json json_of(const QuantizedModel& made) {
  Json json = Json::object();
  return json.set("images", made.images).set("layers", report_to_json(made.report));
}

// Before work that takes long.
void require_writable(const char* path, Overwrite overwrite) {
  if (overwrite == Overwrite::kYes || !std::filesystem::exists(path)) return;
  throw FileError(Fault::kUnreadable, path, "found an existing file, which may not be overwritten");
}

}  // namespace

}  // namespace vitq::c

vitq_status vitq_convert(const char* checkpoint, const char* output,
                         const vitq_convert_options* options, vitq_result* result) {
  return vitq::c::call([&] {
    vitq::c::required(checkpoint, "checkpoint");
    vitq::c::required(output, "output");
    const vitq_convert_options known = vitq::c::known_part(options, "options");
    vitq::Converted made = vitq::convert(checkpoint, vitq::c::options_of(known));
    vitq::c::Result found;
    found.set(vitq::c::json_of(made));
    vitq::write_model(output, made.info, std::move(made.weights),
                      vitq::c::overwrite_of(known.overwrite));
    if (result != nullptr) *result = vitq::c::hand_out(std::move(found));
  });
}

// NOLINTNEXTLINE(readability-function-size): a list of C is two parameters, and so is an answer
vitq_status vitq_quantize(const char* model, const char* const* images, size_t count,
                          const char* output, const vitq_quantize_options* options,
                          vitq_result* result) {
  return vitq::c::call([&] {
    vitq::c::required(model, "model");
    vitq::c::required(output, "output");
    const bool generate = images == nullptr && count == 0;
    std::vector<std::filesystem::path> paths;
    if (!generate) paths = vitq::c::paths_of(images, count);
    const vitq_quantize_options known = vitq::c::known_part(options, "options");
    const vitq::Overwrite overwrite = vitq::c::overwrite_of(known.overwrite);
    vitq::c::require_writable(output, overwrite);
    vitq::QuantizeModelOptions how = vitq::c::options_of(known);
    how.generate_images = generate;
    vitq::QuantizedModel made = vitq::quantize_model(model, paths, how);
    vitq::c::Result found;
    found.set(vitq::c::json_of(made));
    vitq::write_model(output, made.info, std::move(made.weights), overwrite);
    if (result != nullptr) *result = vitq::c::hand_out(std::move(found));
  });
}
