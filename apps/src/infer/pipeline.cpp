// SPDX-License-Identifier: Apache-2.0
#include "infer/pipeline.h"

#include <chrono>
#include <iostream>

#include "common/args.h"
#include "common/image_inputs.h"
#include "draw/annotate.h"
#include "infer/attention_image.h"
#include "infer/profile_table.h"
#include "infer/tensor_inputs.h"
#include "vitq/error.h"
#include "vitq/family.h"
#include "vitq/labels.h"

namespace vitq::apps {

namespace {

constexpr int kProfileRuns = 20;
constexpr std::size_t kTop = 5;

// It counts milliseconds since it was made or last asked.
class Stopwatch {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::milli> elapsed = now - start_;
    start_ = now;
    return elapsed.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

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

}  // namespace

Pipeline::Pipeline(const InferJob& job, const std::filesystem::path& model)
    : job_(job),
      path_(model),
      output_(job.output, job.overwrite),
      model_(load(job, model)),
      info_(model_.info()),
      writer_(job.format, model_.task(), model.string(), output_) {
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
  for (const std::string& input : inputs) {
    enqueue(input);
    if (ready_ == job_.batch) flush_queue();
  }
  flush_queue();
  return finish();
}

int Pipeline::run_tensor() {
  const Tensor input = read_tensor(job_.tensor);
  if (!job_.mask.empty()) mask_ = read_tensor(job_.mask);
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
  if (mask_ && mask_->shape() == Shape{shape[0], shape[2], shape[3]}) take_sizes(*mask_, answers);
  run_network(input, rows);
  for (const Answer& answer : answers) writer_.write(answer);
  return finish();
}

std::string Pipeline::explain() {
  return explain_table(model_.session(static_cast<std::int64_t>(job_.batch)));
}

void Pipeline::enqueue(const std::string& input) {
  QueuedImage queued;
  queued.answer.image = input;
  try {
    read_and_prepare(input, queued);
    ++ready_;
  } catch (const Error& error) {
    if (!job_.keep_going) {
      flush_queue();  // The images before this one are answered all the same.
      throw;
    }
    Answer* const answers[] = {&queued.answer};
    record_failure(error, answers);
  }
  queue_.push_back(std::move(queued));
}

void Pipeline::read_and_prepare(const std::string& input, QueuedImage& queued) {
  Stopwatch watch;
  Image image = read_input(input, job_.exif, job_.image_limits);
  Timing timing = {.decode = watch.lap()};
  queued.pixels = with_context(input, [&] { return model_.info().preprocess.pixels(image); });
  timing.preprocess = watch.lap();
  queued.answer.width = image.width;
  queued.answer.height = image.height;
  if (job_.timing) queued.answer.timing = timing;
  const bool drawn = !job_.attention.output.empty() || !job_.features.pca.empty();
  if (drawn) last_image_ = image;
  if (annotations_) queued.image = std::move(image);
}

void Pipeline::flush_queue() {
  run_queue();
  write_queue();
  queue_.clear();
  ready_ = 0;
}

// A detector takes each image at its own size: equal ones that follow each other go together.
void Pipeline::run_queue() {
  Group group;
  for (QueuedImage& queued : queue_) {
    if (!queued.answer.error.empty()) continue;
    const bool fits = group.pixels.empty() || (group.pixels[0].width == queued.pixels.width &&
                                               group.pixels[0].height == queued.pixels.height);
    if (!fits) run_group(std::exchange(group, {}));
    group.pixels.push_back(std::move(queued.pixels));
    group.answers.push_back(&queued.answer);
  }
  if (!group.pixels.empty()) run_group(group);
}

void Pipeline::run_group(const Group& group) {
  const auto count = static_cast<std::int64_t>(group.pixels.size());
  const auto work = [&] {
    // A size that the memory cannot hold is refused before the pixels become floats.
    model_.reserve({count, 3, group.pixels[0].height, group.pixels[0].width});
    run_network(model_.input_of(group.pixels), group.answers);
  };
  try {
    with_context(group.answers[0]->image, work);
  } catch (const Error& error) {
    if (!job_.keep_going) throw;
    record_failure(error, group.answers);
  }
}

void Pipeline::run_network(const Tensor& input, std::span<Answer* const> answers) {
  Stopwatch watch;
  const std::vector<Tensor> outputs = mask_ ? model_.run_padded(input, *mask_) : model_.run(input);
  const double infer = watch.lap() / static_cast<double>(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    watch.lap();
    interpret(outputs, i, *answers[i]);
    if (!answers[i]->timing) continue;
    answers[i]->timing->infer = infer;
    answers[i]->timing->post = watch.lap();
  }
  keep(input, outputs);
}

// Keeps what the end of the run makes something of.
void Pipeline::keep(const Tensor& input, std::span<const Tensor> outputs) {
  if (check_) check_->add(input);
  if (dump_) dump_->add(0, input);
  for (std::size_t i = 0; dump_ && i < outputs.size(); ++i) dump_->add(i + 1, outputs[i]);
  if (features_) features_->add(outputs);
  if (job_.profile) last_input_ = input;
}

void Pipeline::interpret(std::span<const Tensor> outputs, std::size_t row, Answer& answer) const {
  const auto part = [row](const Tensor& output) {
    const std::span<const float> values = output.as<float>();
    const std::size_t size = values.size() / static_cast<std::size_t>(output.shape()[0]);
    return values.subspan(row * size, size);
  };
  switch (model_.task()) {
    case Task::kClassification:
      answer.predictions = top_k(part(outputs[0]), info_, job_.top.value_or(kTop));
      break;
    case Task::kDetection:
      answer.detections =
          detections(part(outputs[0]), part(outputs[1]), info_, {answer.width, answer.height},
                     job_.threshold.value_or(kUsualThreshold));
      break;
    case Task::kFeatures:
      answer.features.assign(part(outputs[0]).begin(), part(outputs[0]).end());
      answer.tokens = outputs[1].shape();
      break;
  }
}

void Pipeline::write_queue() {
  for (const QueuedImage& queued : queue_) {
    writer_.write(queued.answer);
    if (!annotations_ || !queued.answer.error.empty()) continue;
    annotations_->write(queued.answer.image, annotate(queued.image, queued.answer.detections));
  }
}

int Pipeline::finish() {
  writer_.finish();
  if (dump_) dump_->finish();
  if (features_) features_->finish();
  if (check_) std::cerr << check_->report();
  if (!job_.attention.output.empty() && !failed_) {
    write_png(job_.attention.output, attention_image(job_, path_, model_, info_, last_image_),
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

void Pipeline::record_failure(const Error& error, std::span<Answer* const> answers) {
  failed_ = true;
  for (Answer* answer : answers) answer->error = error.what();
  std::cerr << "vit_infer: error: " << error.what() << '\n';
}

}  // namespace vitq::apps
