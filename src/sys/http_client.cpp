#include "hello/http_client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/core.h>
#include <httplib.h>
#include <poll.h>

#include "hello/address.h"
#include "hello/background.h"
#include "hello/error.h"
#include "hello/fd.h"
#include "hello/http_send.h"
#include "hello/signals.h"
#include "hello/text.h"

namespace hello::sys {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// cpp-httplib reports only that a connection failed; this keeps the system's reason. ClientImpl
/// and not Client, which links a URL parser and TLS hooks that nothing here uses.
class HttpClient::Connection final : public httplib::ClientImpl {
public:
  Connection(const std::string &host, int port) : ClientImpl(host, port) {
    set_keep_alive(true);
    set_path_encode(false);
    set_decompress(false);
    if (host.starts_with('/')) set_address_family(AF_UNIX);
    set_socket_options([this](socket_t) { resolved_ = true; });
  }

  /// Why the last attempt to connect failed.
  std::string reason() const {
    if (!resolved_) return host_ + ": no such host";
    // cpp-httplib reads and drops the error of a connection that fails after a wait.
    if (connect_error_ == EINPROGRESS) return "connection refused, or the host is unreachable";
    return std::strerror(connect_error_);
  }

private:
  bool create_and_connect_socket(Socket &socket, httplib::Error &error) override {
    resolved_ = address_family_ == AF_UNIX;
    errno = 0;
    const bool connected = ClientImpl::create_and_connect_socket(socket, error);
    connect_error_ = errno;
    return connected;
  }

  bool resolved_ = false;
  int connect_error_ = 0;
};

namespace {

/// One request and what has come of it so far.
struct Exchange {
  const HttpLimits &limits;
  const TakeBytes &take;
  HttpReply reply;
  bool enough = false; ///< `take` returned false, or the body reached its limit
  Clock::time_point last_byte = Clock::now();

  bool start(const httplib::Response &response) {
    reply.status = response.status;
    reply.retry_after = response.get_header_value("Retry-After");
    last_byte = Clock::now();
    return true;
  }

  bool receive(std::string_view bytes) {
    last_byte = Clock::now();
    if (take && reply.status == 200) {
      enough = !take(bytes);
    } else {
      reply.body.append(bytes.substr(0, limits.body_bytes - reply.body.size()));
      enough = reply.body.size() >= limits.body_bytes;
    }
    return !enough;
  }

  bool timed_out() const {
    const auto now = Clock::now();
    return now >= limits.deadline || now - last_byte >= limits.silence;
  }

  std::string reason(httplib::Error error, const std::string &connecting) const {
    if (error == httplib::Error::ConnectionTimeout || timed_out()) return "no answer in time";
    if (error == httplib::Error::Connection) return connecting;
    return reply.status == 0 ? "what answers does not speak HTTP/1"
                             : "the connection was closed in the middle of the answer";
  }
};

httplib::Request request_of(const std::string &target, const char *accept,
                            const std::string &authority, Exchange &exchange) {
  httplib::Request request;
  request.method = "GET";
  request.path = target;
  request.headers = {{"Host", authority}, {"User-Agent", "hello"}, {"Accept", accept}};
  request.response_handler = [&exchange](const httplib::Response &response) {
    return exchange.start(response);
  };
  request.content_receiver = [&exchange](const char *data, std::size_t size, std::size_t,
                                         std::size_t) {
    return exchange.receive({data, size});
  };
  request.start_time_ = Clock::now();
  return request;
}

} // namespace

HttpClient::HttpClient(const std::string &host, int port, std::string authority)
    : connection_(std::make_unique<Connection>(host, port)), authority_(std::move(authority)) {}

HttpClient::~HttpClient() = default;

void HttpClient::stop() { connection_->stop(); }

HttpReply HttpClient::get(const std::string &target, const char *accept, const HttpLimits &limits,
                          const TakeBytes &take) {
  return send(target, accept, nullptr, limits, take);
}

HttpReply HttpClient::write(const std::string &target, const HttpWrite &what,
                            const HttpLimits &limits) {
  connection_->stop();
  return send(target, "application/json", &what, limits, {});
}

HttpReply HttpClient::send(const std::string &target, const char *accept, const HttpWrite *what,
                           const HttpLimits &limits, const TakeBytes &take) {
  for (;;) {
    const bool reused = connection_->is_socket_open();
    milliseconds wait = limits.silence;
    connection_->set_max_timeout(milliseconds(0)); // none: the one before may have had one
    if (limits.deadline != Clock::time_point::max()) {
      const auto left = std::chrono::ceil<milliseconds>(limits.deadline - Clock::now());
      wait = std::clamp(left, milliseconds(1), wait);
      connection_->set_max_timeout(std::max(left, milliseconds(1)));
    }
    connection_->set_connection_timeout(wait);
    connection_->set_read_timeout(wait);
    connection_->set_write_timeout(wait);

    Exchange exchange{limits, take, {}};
    httplib::Request request = request_of(target, accept, authority_, exchange);
    if (what) {
      request.method = what->method;
      request.headers.emplace("Content-Type", what->type);
      request.body = what->body;
    }
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    if (connection_->send(request, response, error)) {
      exchange.reply.status = response.status; // a 204 has no body, so no handler was called
      return exchange.reply;
    }
    if (exchange.enough) return exchange.reply;
    if (reused && exchange.reply.status == 0 && !exchange.timed_out()) continue;
    return {0, exchange.reason(error, connection_->reason())};
  }
}

HttpUrl parse_http_url(const std::string &given) {
  auto bad = [&](std::string_view why) {
    return Error(Exit::usage, fmt::format("invalid URL '{}': {}", given, why),
                 "write it like http://127.0.0.1:8081/healthz");
  };
  if (given.starts_with("https://")) throw bad("hello speaks no TLS; ask its http address");
  if (!given.starts_with("http://")) throw bad("it does not begin with http://");
  for (const char c : given)
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f)
      throw bad("it contains a character that must be written as %XX");
  HttpUrl url;
  const auto end = std::min(given.find_first_of("/?#", 7), given.size());
  url.authority = given.substr(7, end - 7);
  if (end < given.size()) url.target = given.substr(end, given.find('#') - end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (url.authority.find('@') != url.authority.npos) throw bad("it must not have a user name");
  const Authority parts = split_authority(url.authority);
  url.host = parts.host;
  const auto port = text::integer(parts.port.value_or("80"), 0, 65535);
  if (!port) throw bad("the port is not a number from 0 to 65535");
  url.port = static_cast<int>(*port);
  if (url.host.empty()) throw bad("it has no host");
  return url;
}

HttpReply send_promptly(HttpClient &client, milliseconds grace,
                        const std::function<HttpReply()> &send) {
  HttpReply reply;
  Pipe done = make_pipe(O_CLOEXEC);
  Background sending([&] {
    const Fd closes_at_the_end = std::move(done.write);
    reply = send();
  });
  const int fds[] = {done.read.get()};
  try {
    wait_readable(fds, Deadline::max());
  } catch (const Error &) {
    pollfd ended{fds[0], POLLIN, 0};
    for (int wait = static_cast<int>(grace.count()); ::poll(&ended, 1, wait) == 0; wait = 10)
      client.stop();
    throw;
  }
  sending.finish();
  return reply;
}

HttpReply http_get(const std::string &given, milliseconds timeout) {
  const HttpUrl url = parse_http_url(given);
  HttpClient client(url.host, url.port, url.authority);
  return send_promptly(client, milliseconds(0), [&] {
    return client.get(url.target, "text/plain", {timeout, Clock::now() + timeout, 64 << 10});
  });
}

HttpReply http_send(const std::string &given, const HttpRequest &what, milliseconds timeout) {
  return http_send(given, what, timeout, nullptr);
}

HttpReply http_send(const std::string &given, const HttpRequest &what, milliseconds timeout,
                    bool *kept) {
  const HttpUrl url = parse_http_url(given);
  httplib::ClientImpl client(url.host, url.port);
  client.set_path_encode(false);
  client.set_max_timeout(timeout);
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const HttpLimits limits{timeout, Clock::now() + timeout, what.body_bytes};
  const TakeBytes none;
  Exchange exchange{limits, none, {}}, second = exchange;
  int connections = 0;
  client.set_keep_alive(kept != nullptr);
  client.set_socket_options([&](socket_t) { ++connections; });
  httplib::Request request = request_of(url.target, "text/plain", url.authority, exchange);
  for (const auto &[name, value] : what.headers) {
    if (name == "Host") request.headers.erase(name);
    request.headers.emplace(name, value);
  }
  if (!what.json.empty()) {
    request.method = "POST";
    request.headers.emplace("Content-Type", "application/json");
    request.body = what.json;
  }
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  const bool sent = client.send(request, response, error);
  if (kept) {
    httplib::Request again = request_of(url.target, "text/plain", url.authority, second);
    again.headers.erase("Host");
    again.headers.emplace("Host", request.get_header_value("Host"));
    *kept = sent && client.send(again, response, error) && connections == 1;
  }
  if (sent || exchange.enough) return exchange.reply;
  return {0, exchange.reason(error, "connection refused, or the host is unreachable")};
}

} // namespace hello::sys
