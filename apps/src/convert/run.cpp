// SPDX-License-Identifier: Apache-2.0
#include "convert/run.h"

#include <iostream>

#include "common/args.h"
#include "common/output.h"
#include "common/table.h"
#include "vitq/family.h"
#include "vitq/model_file.h"

namespace vitq::apps {

namespace {

std::string size_of_input(const ModelInfo& info) {
  if (family(info.family).any_size) return "any size";
  const Shape image = family(info.family).image_shape(info.config);
  return std::to_string(image[2]) + " x " + std::to_string(image[1]);
}

// Files of the folder count though nobody has named them, so the summary names them.
std::string files_beside(const Checkpoint& source) {
  std::string text;
  if (!source.config.members().empty()) text += ", with config.json";
  if (!source.preprocessor.is_null()) text += ", with preprocessor_config.json";
  return text;
}

void say(const std::string& what, const std::string& text) {
  constexpr std::size_t kWidth = 15;
  std::cerr << "  " << what << std::string(kWidth - what.size(), ' ') << text << '\n';
}

std::string size_of(const Weights& weights) {
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : weights.tensors) {
    parameters += tensor.shape().elements();
    bytes += static_cast<std::int64_t>(tensor.bytes());
  }
  return with_prefix(static_cast<double>(parameters)) + ", " + byte_count(bytes);
}

void say_answers(const Converted& made) {
  if (!made.head.empty()) say("head", made.head);
  if (task_of(made.info) == Task::kFeatures) {
    say("answers", "features (it has no head; --head FILE gives it one)");
  } else if (made.info.labels.empty()) {
    say("labels", "none (--labels FILE gives the classes names)");
  } else {
    say("labels", std::to_string(made.info.labels.size()));
  }
  if (made.info.scores == Scores::kRaw) say("scores", "the outputs themselves");
  if (made.info.scores == Scores::kSigmoid) say("scores", "a sigmoid for each class");
}

void summarize(const ConvertJob& job, const Checkpoint& source, const Converted& made) {
  std::cerr << job.output.string() << ": " << family(made.info.family).title << '\n';
  say("from", source.path + files_beside(source));
  say("named as by", made.dialect);
  say("input", size_of_input(made.info));
  say("parameters", size_of(made.weights));
  say("preprocessing", in_words(made.info.preprocess));
  say_answers(made);
  say("configuration", in_words(made.info.config));
  for (const std::string& choice : made.choices) say("decided", choice);
  for (const std::string& assumption : made.assumptions) say("assumed", assumption);
  for (const std::string& place : made.unknown_keys) say("unknown key", place + " (not read)");
  if (made.ignored.empty()) return;
  const bool one = made.ignored.size() == 1;
  say("ignored", std::to_string(made.ignored.size()) + (one ? " tensor, " : " tensors, ") +
                     made.ignored.front() + (one ? "" : ", ..."));
}

}  // namespace

int run(const ConvertJob& job) {
  require_free(job.output, job.overwrite);
  const Checkpoint source = read_checkpoint(job.source);
  const Converted made = convert(source, job.options);
  write_model(job.output, made.info, made.weights, job.overwrite);
  summarize(job, source, made);
  return kOk;
}

}  // namespace vitq::apps
