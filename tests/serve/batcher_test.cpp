// SPDX-License-Identifier: Apache-2.0
// The queue of a model: every image gets its own answer, whatever it was batched with.
#include "serve/batcher.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <future>

#include "apps/run.h"

using namespace vitq;
using namespace vitq::apps;
using namespace vitq::test;

namespace {

fs::path default_model() {
  return fs::path(VITQ_PROGRAMS) / ".." / "share" / "vitq" / "default.safetensors";
}

Tensor image(int seed, std::int64_t images = 1) {
  Tensor input({images, 3, 32, 32}, DType::kU8);
  std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761U + 1;
  for (std::uint8_t& byte : input.as<std::uint8_t>()) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return input;
}

struct Queue {
  explicit Queue(const BatchOptions& options) : batcher("m", options, metrics) {}

  std::future<Outcome> ask(Tensor input, Clock::time_point deadline = Clock::time_point::max(),
                           std::shared_ptr<std::atomic<bool>> gone = nullptr) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    BatchJob job;
    job.place = batcher.enter(static_cast<std::size_t>(input.shape()[0]));
    job.model = model;
    job.single = model;
    job.input = std::move(input);
    job.deadline = deadline;
    job.gone = std::move(gone);
    job.done = [promise](Outcome outcome) { promise->set_value(std::move(outcome)); };
    batcher.submit(std::move(job));
    return promise->get_future();
  }

  std::shared_ptr<const Model> model = std::make_shared<const Model>(
      Model::load(default_model(), {.session = {.threads = 1}, .lower = {}}));
  Metrics metrics;
  Batcher batcher;
};

int status_of(const Outcome& outcome) {
  try {
    if (outcome.error) std::rethrow_exception(outcome.error);
  } catch (const HttpError& error) {
    return error.status();
  } catch (const Error&) {
    return 1;
  }
  return 200;
}

}  // namespace

TEST_CASE("images that were asked for alone or together have the bits of single runs") {
  Queue queue({.max_batch = 8, .max_delay = std::chrono::microseconds(500'000)});
  std::vector<std::future<Outcome>> answers;
  std::vector<Tensor> inputs;
  for (int i = 0; i < 13; ++i) inputs.push_back(image(i, i % 4 == 3 ? 3 : 1));
  for (const Tensor& input : inputs) answers.push_back(queue.ask(input));
  std::size_t largest = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Outcome outcome = answers[i].get();
    REQUIRE(status_of(outcome) == 200);
    const Tensor expected = queue.model->run(inputs[i])[0];
    REQUIRE(outcome.outputs[0].shape() == expected.shape());
    CHECK(std::memcmp(outcome.outputs[0].data(), expected.data(), expected.bytes()) == 0);
    largest = std::max(largest, outcome.batch);
    CHECK(std::has_single_bit(outcome.batch));
  }
  CHECK(largest == 8);
}

TEST_CASE("several lanes mix nothing up") {
  Queue queue({.lanes = 3, .max_queue = 1000});
  std::vector<Tensor> inputs;
  std::vector<std::future<Outcome>> answers;
  for (int i = 0; i < 60; ++i) inputs.push_back(image(i, 1 + i % 5));
  for (const Tensor& input : inputs) answers.push_back(queue.ask(input));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Outcome outcome = answers[i].get();
    const Tensor expected = queue.model->run(inputs[i])[0];
    CHECK(std::memcmp(outcome.outputs[0].data(), expected.data(), expected.bytes()) == 0);
  }
}

TEST_CASE("a full queue says when to come back, and has room again afterwards") {
  Queue queue({.max_queue = 3});
  const auto held = queue.batcher.enter(2);
  try {
    queue.batcher.enter(2);
    FAIL("it was let in");
  } catch (const HttpError& error) {
    CHECK(error.status() == 429);
    REQUIRE(error.headers().size() == 1);
    CHECK(error.headers()[0].first == "Retry-After");
    CHECK(std::stoi(error.headers()[0].second) >= 1);
  }
  CHECK_THROWS_WITH_AS(queue.batcher.enter(4),
                       doctest::Contains("more than the queue of 'm' holds"), HttpError);
  CHECK(status_of(queue.ask(image(1)).get()) == 200);
  // Who asks again as soon as there is an answer finds the place free.
  for (int i = 0; i < 20; ++i) CHECK(status_of(queue.ask(image(1)).get()) == 200);
}

TEST_CASE("nothing is run for those whose time is up, or who have gone") {
  Queue queue({});
  CHECK(status_of(queue.ask(image(1), Clock::now() - std::chrono::seconds(1)).get()) == 504);
  const auto gone = std::make_shared<std::atomic<bool>>(true);
  CHECK(status_of(queue.ask(image(1), Clock::time_point::max(), gone).get()) == 499);
  const std::string text = queue.metrics.text();
  CHECK(text.find("vitq_requests_refused_total{model=\"m\",reason=\"deadline\"} 1") !=
        std::string::npos);
  CHECK(text.find("vitq_requests_refused_total{model=\"m\",reason=\"client_gone\"} 1") !=
        std::string::npos);
  CHECK(text.find("vitq_batch_images") == text.npos);
}

TEST_CASE("an image that cannot be answered does not spoil its neighbours") {
  const TempFolder temp;
  Queue queue({.max_delay = std::chrono::microseconds(500'000)});
  queue.model = std::make_shared<const Model>(Model::load(make_model(temp)));
  Tensor good({1, 3, 16, 16}, DType::kF32);
  Tensor bad = good.clone();
  bad.as<float>()[5] = NAN;
  std::vector<std::future<Outcome>> answers;
  for (const Tensor& input : {good, bad, good, good}) answers.push_back(queue.ask(input));
  CHECK(status_of(answers[0].get()) == 200);
  CHECK(status_of(answers[1].get()) == 1);
  CHECK(status_of(answers[2].get()) == 200);
  CHECK(status_of(answers[3].get()) == 200);
}

TEST_CASE("what was accepted is answered at the end") {
  std::vector<std::future<Outcome>> answers;
  {
    Queue queue({});
    for (int i = 0; i < 20; ++i) answers.push_back(queue.ask(image(i)));
  }
  for (std::future<Outcome>& answer : answers) CHECK(status_of(answer.get()) == 200);
}
