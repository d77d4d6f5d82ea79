// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include "common/table.h"

namespace vitq::apps {

namespace {

using Row = std::vector<std::string>;

const Row kHeader = {"model",  "batch",  "threads", "ISA",      "neighbours", "min ms", "p50 ms",
                     "p90 ms", "p99 ms", "mean ms", "images/s", "load ms",    "peak MB"};
const Row kStepHeader = {"step", "op", "kernel", "result", "ms", "share %", "GOP/s"};
const Row kKindHeader = {"op", "steps", "kernel", "ms", "share %", "GOP/s"};

std::string number(double value) {
  return fixed(value, value < 10.0 ? 3 : 2);
}

double share(const OpTime& time, const BenchResult& result) {
  return 100.0 * time.milliseconds / result.mean_ms();
}

double giga_ops_per_second(const OpTime& time) {
  return time.giga_ops == 0.0 ? 0.0 : 1e3 * time.giga_ops / time.milliseconds;
}

Row row_of(const BenchResult& r) {
  return {r.config.model.filename().string(),
          std::to_string(r.config.batch),
          std::to_string(r.config.session.threads),
          isa_in_use(),
          std::to_string(r.config.neighbours),
          number(r.percentile_ms(0.0)),
          number(r.percentile_ms(0.5)),
          number(r.percentile_ms(0.9)),
          number(r.percentile_ms(0.99)),
          number(r.mean_ms()),
          fixed(r.images_per_second(), 1),
          fixed(r.load_ms, 1),
          fixed(r.peak_rss_mb, 1)};
}

Row numbers_of(const OpTime& time, const BenchResult& result) {
  const double speed = giga_ops_per_second(time);
  return {fixed(time.milliseconds, 3), fixed(share(time, result), 1),
          speed == 0.0 ? "" : fixed(speed, 1)};
}

Row step_row(const OpTime& step, const BenchResult& result) {
  Row row = {step.name, step.op, step.kernel, step.shape};
  for (std::string& cell : numbers_of(step, result)) row.push_back(std::move(cell));
  return row;
}

Row kind_row(const OpTime& kind, const BenchResult& result) {
  Row row = {kind.op, kind.name, kind.kernel};
  for (std::string& cell : numbers_of(kind, result)) row.push_back(std::move(cell));
  return row;
}

const Row kRunHeader = {"model", "batch", "threads"};

Row run_of(const BenchResult& r) {
  return {r.config.model.filename().string(), std::to_string(r.config.batch),
          std::to_string(r.config.session.threads)};
}

Row joined(Row first, const Row& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string markdown_row(const Row& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line.append(" ").append(cell).append(" |");
  return line.append("\n");
}

std::string markdown_header(const Row& cells) {
  return markdown_row(cells) + markdown_row(Row(cells.size(), "---"));
}

std::string csv_row(const Row& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (!line.empty()) line.append(",");
    line.append(csv_field(cell));
  }
  return line.append("\n");
}

// The title says what the tables of steps are about.
std::string title_of(const BenchResult& r) {
  return r.config.model.filename().string() + ", batch " + std::to_string(r.config.batch) + ", " +
         std::to_string(r.config.session.threads) + " threads, " + isa_in_use() + ": " +
         number(r.mean_ms()) + " ms";
}

Json json_of(const OpTime& time, const BenchResult& result) {
  Json json = Json::object();
  json.set("name", time.name).set("op", time.op).set("kernel", time.kernel);
  json.set("ms", time.milliseconds).set("share", share(time, result) / 100.0);
  return json.set("gop_per_s", giga_ops_per_second(time));
}

Json json_of(const BenchResult& r) {
  Json latency = Json::object();
  latency.set("min", r.percentile_ms(0.0)).set("p50", r.percentile_ms(0.5));
  latency.set("p90", r.percentile_ms(0.9)).set("p99", r.percentile_ms(0.99));
  latency.set("mean", r.mean_ms());
  Json json = Json::object();
  json.set("model", r.config.model.string()).set("batch", r.config.batch);
  json.set("threads", r.config.session.threads).set("isa", isa_in_use());
  if (r.config.size) {
    json.set("image_size", Json::array().push(r.config.size->height).push(r.config.size->width));
  }
  json.set("neighbours", r.config.neighbours);
  json.set("libraries", library_versions());
  json.set("runs", static_cast<std::int64_t>(r.latencies_ms.size())).set("latency_ms", latency);
  json.set("images_per_second", r.images_per_second());
  json.set("load_ms", r.load_ms).set("peak_rss_mb", r.peak_rss_mb);
  if (r.steps.empty()) return json;
  Json steps = Json::array();
  Json kinds = Json::array();
  for (const OpTime& step : r.steps) {
    steps.push(json_of(step, r).set("shape", step.shape));
  }
  for (const OpTime& kind : by_kind(r.steps)) kinds.push(json_of(kind, r));
  return json.set("per_op", kinds).set("per_step", steps);
}

// Adds the steps one after the other: a session runs them in this order, each with all threads.
void add_events(const BenchResult& result, std::size_t process, Json& events) {
  const auto id = static_cast<std::int64_t>(process);
  Json name = Json::object();
  name.set("name", title_of(result));
  Json label = Json::object();
  label.set("ph", "M").set("pid", id).set("name", "process_name").set("args", name);
  events.push(label);
  double start = 0.0;  // in microseconds, as all times there
  for (const OpTime& step : result.steps) {
    Json details = Json::object();
    details.set("kernel", step.kernel).set("result", step.shape);
    details.set("gop_per_s", giga_ops_per_second(step));
    Json event = Json::object();
    event.set("ph", "X").set("pid", id).set("tid", 0).set("name", step.name).set("cat", step.op);
    event.set("ts", start).set("dur", 1e3 * step.milliseconds).set("args", details);
    events.push(event);
    start += 1e3 * step.milliseconds;
  }
}

}  // namespace

std::string to_markdown(std::span<const BenchResult> results) {
  std::string text = markdown_header(kHeader);
  for (const BenchResult& result : results) text.append(markdown_row(row_of(result)));
  for (const BenchResult& result : results) {
    if (result.steps.empty()) continue;
    text.append("\n").append(title_of(result)).append("\n\n").append(markdown_header(kKindHeader));
    for (const OpTime& kind : by_kind(result.steps)) {
      text.append(markdown_row(kind_row(kind, result)));
    }
    text.append("\n").append(markdown_header(kStepHeader));
    for (const OpTime& step : result.steps) text.append(markdown_row(step_row(step, result)));
  }
  return text;
}

std::string to_csv(std::span<const BenchResult> results) {
  std::string text = csv_row(kHeader);
  for (const BenchResult& result : results) text.append(csv_row(row_of(result)));
  for (const BenchResult& result : results) {
    if (result.steps.empty()) continue;
    text.append("\n").append(csv_row(joined(kRunHeader, kStepHeader)));
    for (const OpTime& step : result.steps) {
      text.append(csv_row(joined(run_of(result), step_row(step, result))));
    }
  }
  return text;
}

Json to_json(std::span<const BenchResult> results) {
  if (results.size() == 1) return json_of(results[0]);
  Json all = Json::array();
  for (const BenchResult& result : results) all.push(json_of(result));
  return all;
}

Json to_trace(std::span<const BenchResult> results) {
  Json events = Json::array();
  for (std::size_t i = 0; i < results.size(); ++i) add_events(results[i], i, events);
  Json trace = Json::object();
  return trace.set("traceEvents", events).set("displayTimeUnit", "ms");
}

}  // namespace vitq::apps
