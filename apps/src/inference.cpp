// SPDX-License-Identifier: Apache-2.0
#include "inference.h"

#include <chrono>
#include <iostream>

#include "annotate.h"
#include "args.h"
#include "inputs.h"
#include "prepared.h"
#include "profile_table.h"
#include "query_attention.h"
#include "vitq/convert.h"
#include "vitq/error.h"

namespace vitq::apps {

namespace {

constexpr int kProfileRuns = 20;
constexpr std::size_t kTop = 5;
constexpr float kThreshold = 0.5F;

// Milliseconds since it was made or last asked.
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

// The model's preprocessing at the size that was asked for.
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
  if (!job.preprocessor.empty()) {
    model.set_preprocess(preprocess_from_huggingface(Json::read(job.preprocessor)));
  }
  if (job.size || job.longest) model.set_preprocess(resized(model, job));
  return model;
}

// Options that only one of the tasks knows.
void require_options_of(const InferJob& job, Task task) {
  if (task == Task::kDetection && job.top)
    throw UsageError("-k is for classifiers; see --threshold");
  if (task == Task::kDetection && job.attention.method != "last")
    throw UsageError("--method rollout is for classifiers");
  if (task == Task::kDetection) return;
  if (job.attention.query) throw UsageError("--query is for detectors; see --head and --layer");
  if (job.threshold) throw UsageError("--threshold is for detectors; see -k");
  if (!job.annotate.empty()) throw UsageError("--annotate is for detectors; see --attention");
  if (job.format == Format::kCoco) throw UsageError("--format coco is for detectors");
}

std::vector<std::string> dumped_names(Model& model) {
  std::vector<std::string> names = {"input"};
  for (const GraphOutput& output : model.graph().outputs()) names.push_back(output.name);
  return names;
}

}  // namespace

Inference::Inference(const InferJob& job, const std::filesystem::path& model)
    : job_(job),
      path_(model),
      output_(job.output, job.overwrite),
      model_(load(job, model)),
      info_(model_.info()),
      writer_(job.format, model_.task(), model.string(), output_) {
  require_options_of(job, model_.task());
  if (!job.labels.empty()) info_.labels = read_labels(job.labels);
  if (!job.dump.empty()) dump_.emplace(job.dump, dumped_names(model_), job.overwrite);
  if (job.check_range) check_.emplace(model, job.session);
  if (!job.attention.output.empty()) require_free(job.attention.output, job.overwrite);
}

int Inference::run_images(const std::vector<std::string>& inputs) {
  if (job_.format == Format::kCoco) require_coco_ids(inputs);
  if (!job_.annotate.empty()) annotations_.emplace(job_.annotate, inputs, job_.overwrite);
  for (const std::string& input : inputs) take(input);
  run_batch();
  return finish();
}

int Inference::run_tensor() {
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
  answer(input, rows);
  for (const Answer& row : answers) writer_.write(row);
  return finish();
}

std::string Inference::explain() {
  return explain_table(model_.session(static_cast<std::int64_t>(job_.batch)));
}

void Inference::take(const std::string& input) {
  Pending pending;
  pending.answer.image = input;
  try {
    read(input, pending);
    ++ready_;
  } catch (const Error& error) {
    if (!job_.keep_going) {
      run_batch();  // answers that are printed as they come are not lost
      throw;
    }
    Answer* answers[] = {&pending.answer};
    fail(error, answers);
  }
  pending_.push_back(std::move(pending));
  if (ready_ == job_.batch) run_batch();
}

void Inference::read(const std::string& input, Pending& pending) {
  Stopwatch watch;
  Image image = read_input(input, job_.exif);
  Timing timing = {.decode = watch.lap()};
  pending.pixels = with_context(input, [&] { return model_.info().preprocess.pixels(image); });
  timing.preprocess = watch.lap();
  pending.answer.width = image.width;
  pending.answer.height = image.height;
  if (job_.timing) pending.answer.timing = timing;
  if (!job_.attention.output.empty()) image_ = image;
  if (annotations_) pending.image = std::move(image);
}

void Inference::run_batch() {
  std::vector<Image> pixels;
  std::vector<Answer*> answers;
  const auto run = [&] {
    if (!pixels.empty()) answer(pixels, answers);
    pixels.clear();
    answers.clear();
  };
  for (Pending& pending : pending_) {
    if (!pending.answer.error.empty()) continue;
    // A detector takes each image at its own size: equal ones that follow each other go together.
    const bool fits = pixels.empty() || (pixels.back().width == pending.pixels.width &&
                                         pixels.back().height == pending.pixels.height);
    if (!fits) run();
    pixels.push_back(std::move(pending.pixels));
    answers.push_back(&pending.answer);
  }
  run();
  for (const Pending& pending : pending_) {
    writer_.write(pending.answer);
    if (!annotations_ || !pending.answer.error.empty()) continue;
    annotations_->write(pending.answer.image, annotate(pending.image, pending.answer.detections));
  }
  pending_.clear();
  ready_ = 0;
}

void Inference::answer(std::span<const Image> pixels, std::span<Answer*> answers) {
  const auto work = [&] {
    // A size that the memory cannot hold is refused before the pixels become floats.
    model_.session(
        Shape{static_cast<std::int64_t>(pixels.size()), 3, pixels[0].height, pixels[0].width});
    answer(normalize(pixels, model_.info().preprocess), answers);
  };
  try {
    with_context(answers[0]->image, work);
  } catch (const LimitError& error) {
    if (!job_.keep_going) throw;
    fail(error, answers);
  }
}

void Inference::fail(const Error& error, std::span<Answer*> answers) {
  failed_ = true;
  for (Answer* answer : answers) answer->error = error.what();
  std::cerr << "vit_infer: error: " << error.what() << '\n';
}

void Inference::answer(const Tensor& input, std::span<Answer*> answers) {
  Stopwatch watch;
  const std::span<const Tensor> outputs =
      mask_ ? model_.run_padded(input, *mask_) : model_.run(input);
  const double infer = watch.lap() / static_cast<double>(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    watch.lap();
    find(outputs, i, *answers[i]);
    if (!answers[i]->timing) continue;
    answers[i]->timing->infer = infer;
    answers[i]->timing->post = watch.lap();
  }
  if (check_) check_->add(input);
  if (dump_) dump_->add(0, input);
  for (std::size_t i = 0; dump_ && i < outputs.size(); ++i) dump_->add(i + 1, outputs[i]);
  if (job_.profile) last_input_ = input;
}

void Inference::find(std::span<const Tensor> outputs, std::size_t row, Answer& answer) const {
  const auto part = [row](const Tensor& output) {
    const std::span<const float> values = output.as<float>();
    const std::size_t size = values.size() / static_cast<std::size_t>(output.shape()[0]);
    return values.subspan(row * size, size);
  };
  if (model_.task() == Task::kDetection) {
    answer.detections =
        detections(part(outputs[0]), part(outputs[1]), info_, {answer.width, answer.height},
                   job_.threshold.value_or(kThreshold));
  } else {
    answer.predictions = top_k(part(outputs[0]), info_, job_.top.value_or(kTop));
  }
}

int Inference::finish() {
  writer_.finish();
  if (dump_) dump_->finish();
  if (check_) std::cerr << check_->report();
  if (!job_.attention.output.empty() && !failed_) write_attention();
  if (job_.profile && last_input_.data() != nullptr) {
    Session& session = model_.session(last_input_.shape());
    std::cerr << '\n' << profile_table(session, last_input_, kProfileRuns);
  }
  return failed_ ? kSomeFailed : kOk;
}

void Inference::write_attention() {
  Model model = load_for_attention(path_, job_.session);
  model.set_preprocess(model_.info().preprocess);
  const Tensor input = model.prepare({&image_, 1});
  const Image map =
      model_.task() == Task::kDetection
          ? attention_of_objects(model, image_, job_.attention, attending(input))
          : heat_map(attention_of(model, input, job_.attention), image_, model.info().preprocess);
  write_png(job_.attention.output, map, job_.overwrite);
}

std::vector<Detection> Inference::attending(const Tensor& input) {
  const std::optional<std::int64_t> query = job_.attention.query;
  const std::span<const Tensor> outputs = model_.run(input);
  if (query)
    require_index(static_cast<std::size_t>(*query), static_cast<std::size_t>(outputs[1].shape()[1]),
                  "query");
  const float threshold = query ? 0.0F : job_.threshold.value_or(kThreshold);
  std::vector<Detection> objects = detections(outputs[0].as<float>(), outputs[1].as<float>(), info_,
                                              {image_.width, image_.height}, threshold);
  if (query) std::erase_if(objects, [&](const Detection& o) { return o.query != *query; });
  if (!objects.empty()) return objects;
  throw UsageError(
      "no object was found whose attention could be drawn; --threshold takes less "
      "probable ones, --query any query");
}

}  // namespace vitq::apps
