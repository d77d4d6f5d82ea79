// SPDX-License-Identifier: Apache-2.0
#include "infer/answerer.h"

#include "common/image_inputs.h"
#include "common/stopwatch.h"
#include "vitq/with_context.h"

namespace vitq::apps {

namespace {

// The error becomes the answer of these images, in place of the stages that are left.
void record_failure(const Error& error, std::span<Answer* const> answers, Batch& batch) {
  for (Answer* answer : answers) answer->error = error.what();
  batch.messages.emplace_back(error.what());
}

}  // namespace

Answerer::Answerer(const InferJob& job, Model model, const ModelInfo& info, bool keeps_images)
    : job_(job), model_(std::move(model)), info_(info), keeps_images_(keeps_images) {}

Batch Answerer::read(std::span<const std::string> inputs) const {
  Batch batch;
  for (const std::string& input : inputs) {
    if (batch.failure) break;  // The images before that one are answered all the same.
    add(input, batch);
  }
  return batch;
}

void Answerer::add(const std::string& input, Batch& batch) const {
  QueuedImage queued;
  queued.answer.image = input;
  try {
    read_and_prepare(input, queued);
  } catch (const Error& error) {
    if (!job_.keep_going) {
      batch.failure = std::current_exception();
      return;
    }
    Answer* const answers[] = {&queued.answer};
    record_failure(error, answers, batch);
  }
  batch.images.push_back(std::move(queued));
}

void Answerer::read_and_prepare(const std::string& input, QueuedImage& queued) const {
  Stopwatch watch;
  Image image = read_input(input, job_.exif, job_.image_limits);
  Timing timing = {.decode = watch.lap()};
  queued.pixels = with_context(input, [&] { return model_.info().preprocess.pixels(image); });
  timing.preprocess = watch.lap();
  queued.answer.width = image.width;
  queued.answer.height = image.height;
  if (job_.timing) queued.answer.timing = timing;
  if (keeps_images_) queued.image = std::move(image);
}

// A detector takes each image at its own size: equal ones that follow each other go together.
void Answerer::run(Batch& batch) const {
  Group group;
  for (QueuedImage& queued : batch.images) {
    if (!queued.answer.error.empty()) continue;
    const bool fits = group.pixels.empty() || (group.pixels[0].width == queued.pixels.width &&
                                               group.pixels[0].height == queued.pixels.height);
    if (!fits) run_group(std::exchange(group, {}), batch);
    group.pixels.push_back(std::move(queued.pixels));
    group.answers.push_back(&queued.answer);
  }
  if (!group.pixels.empty()) run_group(group, batch);
}

void Answerer::run_group(const Group& group, Batch& batch) const {
  const auto count = static_cast<std::int64_t>(group.pixels.size());
  const auto work = [&] {
    // A size that the memory cannot hold is refused before the pixels become floats.
    model_.reserve({count, 3, group.pixels[0].height, group.pixels[0].width});
    batch.runs.push_back(run(model_.input_of(group.pixels), nullptr, group.answers));
  };
  try {
    with_context(group.answers[0]->image, work);
  } catch (const Error& error) {
    if (!job_.keep_going) throw;
    record_failure(error, group.answers, batch);
  }
}

NetworkRun Answerer::run(Tensor input, const Tensor* mask, std::span<Answer* const> answers) const {
  Stopwatch watch;
  NetworkRun done;
  done.outputs = mask != nullptr ? model_.run_padded(input, *mask) : model_.run(input);
  done.input = std::move(input);
  const AnswerOptions options = {job_.top.value_or(AnswerOptions{}.top),
                                 job_.threshold.value_or(kUsualThreshold)};
  const double infer = watch.lap() / static_cast<double>(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    watch.lap();
    interpret(done.outputs, i, info_, options, *answers[i]);
    if (!answers[i]->timing) continue;
    answers[i]->timing->infer = infer;
    answers[i]->timing->post = watch.lap();
  }
  return done;
}

}  // namespace vitq::apps
