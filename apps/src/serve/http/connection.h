// SPDX-License-Identifier: Apache-2.0
// One client's connection: requests come one after the other, each is answered before the next.
#pragma once

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>

#include "serve/http/server.h"

namespace vitq::apps {

class Connection;

// What connections share. All of it runs on the one thread that does input and output.
class ConnectionHost {
 public:
  virtual const HttpLimits& limits() const = 0;
  // Passes a request on. Its answer comes back by Connection::answer(), on this thread.
  virtual void handle(HttpRequest request, std::shared_ptr<Connection> connection) = 0;
  virtual bool stopping() const = 0;
  // Takes memory for a body; answers false where there is not so much.
  virtual bool take(std::size_t bytes) = 0;
  virtual void give_back(std::size_t bytes) = 0;
  virtual void forget(Connection& connection) = 0;

 protected:
  ~ConnectionHost() = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionHost& host);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { read_head(); }
  void answer(HttpResponse response);
  void refuse(int status, const std::string& message);  // answers, then closes
  void close();
  // Closes if no request has begun to arrive.
  void stop();

  // Whether a request is on its way or awaited, and since when.
  bool receiving() const { return receiving_; }
  Clock::time_point since() const { return since_; }

 private:
  using Error = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;

  void read_head();
  void on_head(Error error);
  bool take_memory();
  void confirm_body();
  void read_body();
  void on_body(Error error);
  void on_failure(Error error);
  void watch();
  void give_back();
  void write(HttpResponse response);
  void on_written(Error error);
  void linger();

  ConnectionHost& host_;
  boost::beast::tcp_stream stream_;
  std::string remote_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Response> response_;
  std::shared_ptr<std::atomic<bool>> gone_;
  bool receiving_ = true;
  bool keep_alive_ = false;
  bool head_only_ = false;
  Clock::time_point since_ = Clock::now();
  std::size_t taken_ = 0;     // bytes of memory for the body
  std::size_t lingered_ = 0;  // bytes that nobody reads
};

}  // namespace vitq::apps
