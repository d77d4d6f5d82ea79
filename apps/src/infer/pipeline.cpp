// SPDX-License-Identifier: Apache-2.0
#include "infer/pipeline.h"

#include <algorithm>
#include <iostream>

#include "common/args.h"
#include "common/image_inputs.h"
#include "draw/annotate.h"
#include "infer/attention_image.h"
#include "infer/profile_table.h"
#include "infer/tensor_inputs.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/in_order.h"
#include "vitq/labels.h"

namespace vitq::apps {

namespace {

constexpr int kProfileRuns = 20;

// Answers the model's preprocessing at the size that was asked for.
Preprocess resized(const Model& model, const InferJob& job) {
  Preprocess preprocess = model.info().preprocess;
  if (!family(model.info().family).any_size || preprocess.longest == 0) {
    throw UsageError("--size and --max-size are for networks that take images of any size");
  }
  if (job.size) preprocess.height = preprocess.width = *job.size;
  if (job.longest) preprocess.longest = *job.longest;
  return preprocess;
}

Model load(const InferJob& job, const std::filesystem::path& path) {
  SessionOptions session = job.session;
  session.profile = job.profile;
  Model model = Model::load(path, {.session = session, .lower = {}});
  require_sense(job, model.task());
  if (!job.preprocessor.empty()) {
    model = model.with_preprocess(
        preprocess_from_huggingface(Json::read(job.preprocessor), model.info().family));
  }
  if (job.size || job.longest) model = model.with_preprocess(resized(model, job));
  return model;
}

std::vector<std::string> dumped_names(const Model& model) {
  std::vector<std::string> names = {"input"};
  for (const GraphOutput& output : model.graph().outputs()) names.push_back(output.name);
  return names;
}

// Whether each thread takes images of its own from the file to the answer. It gets more done than
// all threads for one image after the other, once there are images enough. A network that takes
// images of any size needs much memory for each that is under way.
bool has_whole_images(const InferJob& job, const Model& model, std::size_t batches) {
  return !job.profile && !family(model.info().family).any_size &&
         batches >= static_cast<std::size_t>(job.session.threads);
}

}  // namespace

Pipeline::Pipeline(const InferJob& job, const std::filesystem::path& model)
    : job_(job),
      output_(job.output, job.overwrite),
      model_(load(job, model)),
      info_(model_.info()),
      writer_(job.format, model_.task(), model.string(), output_),
      draws_(!job.attention.output.empty() || !job.features.pca.empty()) {
  if (!job.labels.empty()) info_.labels = read_labels(job.labels, class_count(info_));
  if (!job.coco.empty()) {
    writer_.use(CocoIds(job.coco, info_.labels, class_count(info_), job.ignore_unmatched));
  }
  if (!job.dump.empty()) dump_.emplace(job.dump, dumped_names(model_), job.overwrite);
  if (job.features.wanted()) features_.emplace(job.features, job.overwrite);
  if (job.check_range) check_.emplace(model, job.session);
  if (!job.attention.output.empty()) require_free(job.attention.output, job.overwrite);
}

int Pipeline::run_images(const std::vector<std::string>& inputs) {
  if (job_.format == Format::kCoco) writer_.ids().require(inputs);
  if (!job_.annotate.empty()) annotations_.emplace(job_.annotate, inputs, job_.overwrite);
  const std::size_t batches = (inputs.size() + job_.batch - 1) / job_.batch;
  const bool whole = has_whole_images(job_, model_, batches);
  const Answerer answerer(job_, whole ? model_.with_threads(1) : model_, info_,
                          draws_ || annotations_.has_value());
  const auto read = [&](std::size_t batch) {
    const std::size_t first = batch * job_.batch;
    const std::size_t count = std::min(job_.batch, inputs.size() - first);
    Batch made = answerer.read(std::span(inputs).subspan(first, count));
    if (whole) answerer.run(made);
    return made;
  };
  const auto take = [&](Batch batch) {
    if (!whole) answerer.run(batch);
    write(batch);
  };
  // Who names standard input twice gets it the first time.
  const bool piped_twice = std::count(inputs.begin(), inputs.end(), "-") > 1;
  in_order(batches, piped_twice ? 1 : job_.session.threads, read, take);
  return finish();
}

int Pipeline::run_tensor() {
  const Tensor input = read_tensor(job_.tensor);
  std::optional<Tensor> mask;  // of prepared images
  if (!job_.mask.empty()) mask = read_tensor(job_.mask);
  const Shape& shape = input.shape();
  std::vector<Answer> answers(shape.rank() == 4 ? static_cast<std::size_t>(shape[0]) : 0);
  std::vector<Answer*> rows;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i].image = job_.tensor.string() + "[" + std::to_string(i) + "]";
    answers[i].width = shape[3];
    answers[i].height = shape[2];
    rows.push_back(&answers[i]);
  }
  // Boxes are found within the image, not within its padding.
  if (mask && mask->shape() == Shape{shape[0], shape[2], shape[3]}) take_sizes(*mask, answers);
  const Answerer answerer(job_, model_, info_, false);
  keep(answerer.run(input, mask ? &*mask : nullptr, rows));
  for (const Answer& answer : answers) writer_.write(answer);
  return finish();
}

std::string Pipeline::explain() {
  return explain_table(model_.session(static_cast<std::int64_t>(job_.batch)));
}

// Keeps what the end of the run makes something of.
void Pipeline::keep(const NetworkRun& run) {
  if (check_) check_->add(run.input);
  if (dump_) dump_->add(0, run.input);
  for (std::size_t i = 0; dump_ && i < run.outputs.size(); ++i) dump_->add(i + 1, run.outputs[i]);
  if (features_) features_->add(run.outputs);
  if (job_.profile) last_input_ = run.input;
}

void Pipeline::write(const Batch& batch) {
  for (const std::string& message : batch.messages) {
    failed_ = true;
    std::cerr << "vit_infer: error: " << message << '\n';
  }
  for (const NetworkRun& run : batch.runs) keep(run);
  for (const QueuedImage& queued : batch.images) {
    writer_.write(queued.answer);
    if (!queued.answer.error.empty()) continue;
    if (annotations_) {
      annotations_->write(queued.answer.image, annotate(queued.image, queued.answer.detections));
    }
    if (draws_) last_image_ = queued.image;
  }
  if (batch.failure) std::rethrow_exception(batch.failure);
}

int Pipeline::finish() {
  writer_.finish();
  if (dump_) dump_->finish();
  if (features_) features_->finish();
  if (check_) std::cerr << check_->report();
  if (!job_.attention.output.empty() && !failed_) {
    write_png(job_.attention.output, attention_image(job_, model_, info_, last_image_),
              job_.overwrite);
  }
  if (!job_.features.pca.empty() && !failed_) {
    features_->draw(last_image_, model_.info().preprocess);
  }
  if (job_.profile && last_input_.data() != nullptr) {
    Session session = model_.session(last_input_.shape());
    std::cerr << '\n' << profile_table(session, last_input_, kProfileRuns);
  }
  return failed_ ? kSomeFailed : kOk;
}

}  // namespace vitq::apps
