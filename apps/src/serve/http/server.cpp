// SPDX-License-Identifier: Apache-2.0
#include "serve/http/server.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <csignal>
#include <set>

#include "common/args.h"
#include "serve/http/connection.h"

namespace vitq::apps {

namespace {

namespace net = boost::asio;
using net::ip::tcp;

tcp::endpoint endpoint_of(const HttpOptions& options) {
  boost::system::error_code error;
  const net::ip::address address = net::ip::make_address(options.address, error);
  if (!error) return {address, options.port};
  throw UsageError("\"" + options.address +
                   "\" is no address such as 127.0.0.1, 0.0.0.0, ::1 or ::");
}

tcp::acceptor listen(net::io_context& io, const HttpOptions& options) {
  const tcp::endpoint endpoint = endpoint_of(options);
  try {
    return {io, endpoint};  // the address may be used again at once
  } catch (const boost::system::system_error& error) {
    throw UsageError("cannot listen on " + options.address + ":" + std::to_string(options.port) +
                     ": " + error.code().message());
  }
}

HttpResponse made(const MakeResponse& make) {
  try {
    return make();
  } catch (const std::exception& error) {
    return error_response(error);
  }
}

}  // namespace

struct HttpServer::Impl final : ConnectionHost {
  explicit Impl(HttpOptions given)
      : options(std::move(given)),
        io(1),
        acceptor(listen(io, options)),
        retry(io),
        deadline(io),
        signals(io, SIGTERM, SIGINT, SIGHUP),
        pool(static_cast<std::size_t>(options.workers)) {}

  const HttpLimits& limits() const override { return options.limits; }
  bool stopping() const override { return stopped; }
  void forget(Connection& connection) override {
    open.erase(&connection);
    count = open.size();
    if (running && stopped && open.empty()) finish();
  }
  bool take(std::size_t bytes) override {
    if (bytes > limits().bytes_of_all_bodies - taken) return false;
    taken += bytes;
    return true;
  }
  void give_back(std::size_t bytes) override { taken -= bytes; }
  void handle(HttpRequest request, std::shared_ptr<Connection> connection) override;

  void send(const std::shared_ptr<Connection>& connection, HttpResponse response);
  void accept();
  void admit(tcp::socket socket);
  void await_signal();
  void begin_stop();
  void finish();

  HttpOptions options;
  HttpCallbacks callbacks;
  // Connections refer to these until the last of them is gone, which io may be the last to hold.
  std::set<Connection*> open;
  std::atomic<std::size_t> count = 0;
  std::size_t taken = 0;
  bool stopped = false;
  bool running = false;
  net::io_context io;
  tcp::acceptor acceptor;
  net::steady_timer retry;     // after an accept that failed
  net::steady_timer deadline;  // of a stop
  net::signal_set signals;
  net::thread_pool pool;
};

void HttpServer::Impl::handle(HttpRequest request, std::shared_ptr<Connection> connection) {
  Respond respond = [this, connection = std::move(connection)](MakeResponse make) {
    net::post(pool, [this, connection, make = std::move(make)] { send(connection, made(make)); });
  };
  auto shared = std::make_shared<const HttpRequest>(std::move(request));
  net::post(pool, [this, shared = std::move(shared), respond = std::move(respond)] {
    callbacks.handle(shared, respond);
  });
}

void HttpServer::Impl::send(const std::shared_ptr<Connection>& connection, HttpResponse response) {
  net::post(io, [connection, response = std::move(response)]() mutable {
    connection->answer(std::move(response));
  });
}

void HttpServer::Impl::accept() {
  acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (stopped) return;
    if (!error) {
      admit(std::move(socket));
      return accept();
    }
    // Such as too many open files: some will be closed.
    retry.expires_after(std::chrono::milliseconds(50));
    retry.async_wait([this](boost::system::error_code cancelled) {
      if (!cancelled) accept();
    });
  });
}

void HttpServer::Impl::admit(tcp::socket socket) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const auto connection = std::make_shared<Connection>(std::move(socket), *this);
  const bool full = open.size() >= limits().connections;
  Connection* slowest = nullptr;
  for (Connection* other : open) {
    if (!other->receiving()) continue;
    if (slowest == nullptr || other->since() < slowest->since()) slowest = other;
  }
  open.insert(connection.get());
  count = open.size();
  if (full && slowest == nullptr) return connection->refuse(503, "too many connections are open");
  if (full) slowest->close();
  connection->start();
}

void HttpServer::Impl::await_signal() {
  signals.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal == SIGHUP) {
      net::post(pool, callbacks.hang_up);
    } else if (stopped) {
      return finish();
    } else {
      begin_stop();
    }
    await_signal();
  });
}

void HttpServer::Impl::begin_stop() {
  stopped = true;
  callbacks.stopping();
  acceptor.close();
  retry.cancel();
  const std::set<Connection*> before = open;
  for (Connection* connection : before) connection->stop();
  if (open.empty()) return finish();
  deadline.expires_after(limits().stop);
  deadline.async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled) finish();
  });
}

void HttpServer::Impl::finish() {
  io.stop();
}

HttpServer::HttpServer(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
  return impl_->acceptor.local_endpoint().port();
}

std::size_t HttpServer::connections() const {
  return impl_->count;
}

bool HttpServer::run(HttpCallbacks callbacks) {
  impl_->callbacks = std::move(callbacks);
  impl_->await_signal();
  impl_->accept();
  impl_->running = true;
  impl_->io.run();
  impl_->running = false;
  impl_->pool.join();
  return impl_->open.empty();
}

}  // namespace vitq::apps
