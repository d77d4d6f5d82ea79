// SPDX-License-Identifier: Apache-2.0
#include "serve/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>

namespace vitq::apps {

namespace {

namespace prom = prometheus;

// From half a millisecond to ten seconds.
const prom::Histogram::BucketBoundaries kSeconds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
const prom::Histogram::BucketBoundaries kBatches = {1, 2, 4, 8};

}  // namespace

struct Metrics::Impl {
  std::shared_ptr<prom::Registry> registry = std::make_shared<prom::Registry>();
  prom::Family<prom::Counter>& requests = prom::BuildCounter()
                                              .Name("vitq_requests_total")
                                              .Help("Requests answered")
                                              .Register(*registry);
  prom::Family<prom::Counter>& refused = prom::BuildCounter()
                                             .Name("vitq_requests_refused_total")
                                             .Help("Requests that no network was run for")
                                             .Register(*registry);
  prom::Family<prom::Histogram>& seconds = prom::BuildHistogram()
                                               .Name("vitq_request_seconds")
                                               .Help("From a whole request to its answer")
                                               .Register(*registry);
  prom::Family<prom::Histogram>& waited = prom::BuildHistogram()
                                              .Name("vitq_queue_seconds")
                                              .Help("What requests waited for the network")
                                              .Register(*registry);
  prom::Family<prom::Histogram>& computed = prom::BuildHistogram()
                                                .Name("vitq_compute_seconds")
                                                .Help("What the network took for a batch")
                                                .Register(*registry);
  prom::Family<prom::Histogram>& batches = prom::BuildHistogram()
                                               .Name("vitq_batch_images")
                                               .Help("Images that ran together")
                                               .Register(*registry);
  prom::Family<prom::Gauge>& queued = prom::BuildGauge()
                                          .Name("vitq_queued_images")
                                          .Help("Images that are accepted and not yet answered")
                                          .Register(*registry);
  prom::Family<prom::Gauge>& models = prom::BuildGauge()
                                          .Name("vitq_model_info")
                                          .Help("1 for each model in its version")
                                          .Register(*registry);
  prom::Gauge& connections = prom::BuildGauge()
                                 .Name("vitq_connections")
                                 .Help("Open connections")
                                 .Register(*registry)
                                 .Add({});
  std::mutex mutex;
  std::map<std::string, prom::Gauge*> current;  // of vitq_model_info, by model
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  prom::BuildGauge()
      .Name("vitq_build_info")
      .Help("1 for the version of this program")
      .Register(*impl_->registry)
      .Add({{"version", VITQ_VERSION}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::answered(const std::string& endpoint, const std::string& model, int status,
                       double seconds) {
  const std::string code = std::to_string(status);
  impl_->requests.Add({{"endpoint", endpoint}, {"model", model}, {"code", code}}).Increment();
  impl_->seconds.Add({{"endpoint", endpoint}, {"model", model}}, kSeconds).Observe(seconds);
}

void Metrics::refused(const std::string& model, const std::string& reason) {
  impl_->refused.Add({{"model", model}, {"reason", reason}}).Increment();
}

void Metrics::waited(const std::string& model, double seconds) {
  impl_->waited.Add({{"model", model}}, kSeconds).Observe(seconds);
}

void Metrics::batch(const std::string& model, std::size_t images, double seconds) {
  impl_->computed.Add({{"model", model}}, kSeconds).Observe(seconds);
  impl_->batches.Add({{"model", model}}, kBatches).Observe(static_cast<double>(images));
}

void Metrics::queued(const std::string& model, std::size_t images) {
  impl_->queued.Add({{"model", model}}).Set(static_cast<double>(images));
}

void Metrics::loaded(const std::string& model, const std::string& version, const std::string& task,
                     const std::string& format) {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  prom::Gauge*& gauge = impl_->current[model];
  if (gauge != nullptr) impl_->models.Remove(gauge);
  gauge = &impl_->models.Add(
      {{"model", model}, {"version", version}, {"task", task}, {"format", format}});
  gauge->Set(1);
}

void Metrics::connections(std::size_t open) {
  impl_->connections.Set(static_cast<double>(open));
}

std::string Metrics::text() const {
  return prom::TextSerializer().Serialize(impl_->registry->Collect());
}

}  // namespace vitq::apps
