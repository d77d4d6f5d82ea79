// SPDX-License-Identifier: Apache-2.0
#include "serve/service.h"

#include <algorithm>

#include "common/table.h"
#include "serve/access_log.h"
#include "serve/page.h"

namespace vitq::apps {

namespace {

// The page loads nothing from elsewhere, and nobody may show it in a frame.
constexpr const char* kPolicy =
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

void send_page_file(const CallPtr& call, const PageFile& file) {
  call->endpoint = "page";
  call->respond([file] {
    HttpResponse response;
    response.type = file.type;
    response.body = file.bytes;
    response.headers = {{"Content-Security-Policy", kPolicy},
                        {"Referrer-Policy", "no-referrer"},
                        {"Cache-Control", "no-cache"}};
    return response;
  });
}

void send_metrics(const CallPtr& call) {
  call->context.metrics.connections(call->context.connections());
  call->respond([&metrics = call->context.metrics] {
    HttpResponse response;
    response.type = Metrics::kContentType;
    response.body = metrics.text();
    return response;
  });
}

constexpr Route kOwn[] = {{"GET", "metrics", send_metrics}};

bool matches(std::string_view pattern, std::span<const std::string> segments) {
  for (const std::string& segment : segments) {
    if (pattern.empty()) return false;
    const std::size_t end = std::min(pattern.size(), pattern.find('/'));
    const std::string_view wanted = pattern.substr(0, end);
    if (wanted != "*" && wanted != segment) return false;
    pattern.remove_prefix(std::min(pattern.size(), end + 1));
  }
  return pattern.empty();
}

// HEAD is GET without the body, which the connection leaves out.
std::string_view method_of(const HttpRequest& request) {
  return request.method == "HEAD" ? "GET" : std::string_view(request.method);
}

const Route& find_route(const Call& call) {
  std::vector<std::string> allowed;
  for (const auto& routes : {image_routes(), tensor_routes(), std::span<const Route>(kOwn)}) {
    for (const Route& route : routes) {
      if (!matches(route.pattern, call.target.segments)) continue;
      if (route.method == method_of(*call.request)) return route;
      allowed.emplace_back(route.method);
    }
  }
  if (allowed.empty()) throw HttpError(404, "there is no " + call.target.path);
  throw HttpError(405, call.target.path + " takes " + listed(allowed),
                  {{"Allow", listed(allowed)}});
}

const PageFile* find_page_file(const Call& call) {
  if (method_of(*call.request) != "GET") return nullptr;
  std::string_view path = call.target.path;
  if (path == "/") path = "/index.html";
  const auto found = std::ranges::find(page_files(), path, &PageFile::path);
  return found == page_files().end() ? nullptr : &*found;
}

// Takes as long for a token that is nearly right as for any other of its length.
bool equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

void require_token(const Call& call) {
  if (call.context.token.empty()) return;
  if (equal(call.request->header("Authorization"), "Bearer " + call.context.token)) return;
  throw HttpError(401, "it takes the server's token to ask this",
                  {{"WWW-Authenticate", "Bearer realm=\"vitq\""}});
}

void dispatch(const CallPtr& call) {
  call->target = parse_target(call->request->target);
  if (const PageFile* file = find_page_file(*call)) return send_page_file(call, *file);
  const Route& route = find_route(*call);
  call->endpoint = route.pattern;
  if (!route.open) require_token(*call);
  route.handle(call);
}

// Makes the answer, and writes down that it was made.
HttpResponse finished(const Call& call, const MakeResponse& make) {
  HttpResponse response;
  std::string error;
  try {
    response = make();
  } catch (const std::exception& failure) {
    error = failure.what();
    response = error_response(failure);
  }
  const double seconds =
      std::chrono::duration<double>(Clock::now() - call.request->arrived).count();
  const std::string model = call.served == nullptr ? "" : call.served->name();
  call.context.metrics.answered(call.endpoint, model, response.status, seconds);
  if (call.context.log) {
    log_access(*call.request,
               {model, response.status, response.body.size(), 1000.0 * seconds, error});
  }
  return response;
}

}  // namespace

ServedModel& Call::choose(const std::string& name) {
  served = &context.repository.at(name);
  return *served;
}

void answer(Context& context, const std::shared_ptr<const HttpRequest>& request,
            const Respond& respond) {
  const auto call = std::make_shared<Call>(Call{context, request});
  // The call holds the function and not the other way round.
  call->respond = [respond, weak = std::weak_ptr<Call>(call)](MakeResponse make) {
    respond([call = weak.lock(), make = std::move(make)] { return finished(*call, make); });
  };
  try {
    dispatch(call);
  } catch (...) {
    call->respond([failure = std::current_exception()]() -> HttpResponse {
      std::rethrow_exception(failure);
    });
  }
}

}  // namespace vitq::apps
