// SPDX-License-Identifier: Apache-2.0
#include "serve/http/connection.h"

#include <sys/socket.h>

#include <algorithm>

namespace vitq::apps {

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

std::string name_of(const tcp::socket& socket) {
  beast::error_code unknown;
  const tcp::endpoint remote = socket.remote_endpoint(unknown);
  if (unknown) return "";
  const std::string address = remote.address().to_string();
  const std::string port = ":" + std::to_string(remote.port());
  return remote.address().is_v6() ? "[" + address + "]" + port : address + port;
}

// Whether the client has closed its side. What it has sent already stays unread.
bool has_left(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

HttpRequest to_request(http::request<http::string_body>&& message) {
  HttpRequest request;
  request.method = text_of(message.method_string());
  request.target = text_of(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
  }
  request.body = std::move(message.body());
  return request;
}

}  // namespace

Connection::Connection(tcp::socket socket, ConnectionHost& host)
    : host_(host), stream_(std::move(socket)), remote_(name_of(stream_.socket())) {}

Connection::~Connection() {
  give_back();
  host_.forget(*this);
}

// Between two requests and for the whole head there is one time, so nobody gains any by sending a
// byte now and then.
void Connection::read_head() {
  receiving_ = true;
  since_ = Clock::now();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(host_.limits().head_bytes));
  parser_->body_limit(host_.limits().body_bytes);
  stream_.expires_after(host_.limits().receive);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, std::size_t) { self->on_head(error); });
}

void Connection::on_head(Error error) {
  if (error) return on_failure(error);
  head_only_ = parser_->get().method() == http::verb::head;
  if (!take_memory()) return refuse(503, "too many requests are arriving at a time");
  const beast::string_view expect = parser_->get()[http::field::expect];
  beast::iequals(expect, "100-continue") ? confirm_body() : read_body();
}

bool Connection::take_memory() {
  const auto length = parser_->content_length();
  const std::uint64_t bytes =
      length ? *length : (parser_->chunked() ? host_.limits().body_bytes : 0);
  if (!host_.take(bytes)) return false;
  taken_ = bytes;
  return true;
}

void Connection::confirm_body() {
  auto response = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
  http::async_write(stream_, *response,
                    [self = shared_from_this(), response](Error error, std::size_t) {
                      error ? self->close() : self->read_body();
                    });
}

void Connection::read_body() {
  stream_.expires_after(host_.limits().receive);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, std::size_t) { self->on_body(error); });
}

void Connection::on_body(Error error) {
  if (error) return on_failure(error);
  receiving_ = false;
  keep_alive_ = parser_->get().keep_alive();
  HttpRequest request = to_request(parser_->release());
  request.remote = remote_;
  request.arrived = Clock::now();
  gone_ = std::make_shared<std::atomic<bool>>(false);
  request.gone = gone_;
  watch();
  host_.handle(std::move(request), shared_from_this());
}

// A request that cannot be read is answered where the client may still listen. It does not where
// time was up.
void Connection::on_failure(Error error) {
  const HttpLimits& limits = host_.limits();
  if (error == http::error::body_limit) {
    return refuse(413, "the body is larger than " + std::to_string(limits.body_bytes) + " bytes");
  }
  if (error == http::error::header_limit) {
    return refuse(431, "the head is larger than " + std::to_string(limits.head_bytes) + " bytes");
  }
  const bool malformed =
      error.category() == http::make_error_code(http::error::bad_method).category();
  const bool ended = error == http::error::end_of_stream || error == http::error::partial_message;
  if (malformed && !ended) return refuse(400, "this is no HTTP/1.1 request: " + error.message());
  close();
}

// Finds out while the request is worked on whether anybody still waits.
void Connection::watch() {
  stream_.socket().async_wait(tcp::socket::wait_read,
                              [self = shared_from_this(), gone = gone_](Error error) {
                                if (!error && has_left(self->stream_.socket())) *gone = true;
                              });
}

void Connection::give_back() {
  host_.give_back(taken_);
  taken_ = 0;
}

void Connection::answer(HttpResponse response) {
  Error closed;
  stream_.socket().cancel(closed);  // the watch
  give_back();
  write(std::move(response));
}

void Connection::refuse(int status, const std::string& message) {
  receiving_ = false;
  keep_alive_ = false;
  give_back();
  write(error_response(status, message));
}

void Connection::write(HttpResponse response) {
  keep_alive_ = keep_alive_ && !host_.stopping();
  response_.emplace();
  response_->result(static_cast<unsigned>(response.status));
  response_->set(http::field::content_type, response.type);
  response_->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) response_->set(name, value);
  response_->keep_alive(keep_alive_);
  response_->content_length(response.body.size());
  if (!head_only_) response_->body() = std::move(response.body);
  stream_.expires_after(host_.limits().send);
  http::async_write(stream_, *response_, [self = shared_from_this()](Error error, std::size_t) {
    self->on_written(error);
  });
}

void Connection::on_written(Error error) {
  response_.reset();
  if (error) return close();
  if (keep_alive_ && !host_.stopping()) return read_head();
  Error ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(std::chrono::seconds(2));
  linger();
}

// Whoever still sends would not see the answer if the connection just vanished. So what comes is
// read for a while.
void Connection::linger() {
  constexpr std::size_t kMost = std::size_t{8} << 20;
  buffer_.consume(buffer_.size());
  stream_.async_read_some(buffer_.prepare(64 << 10),
                          [self = shared_from_this()](Error error, std::size_t bytes) {
                            self->lingered_ += bytes;
                            error || self->lingered_ > kMost ? self->close() : self->linger();
                          });
}

void Connection::close() {
  receiving_ = false;
  stream_.close();
}

void Connection::stop() {
  const bool idle = receiving_ && buffer_.size() == 0 && !(parser_ && parser_->got_some());
  if (idle) close();
}

}  // namespace vitq::apps
