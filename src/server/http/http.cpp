#include "server/http/http.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include <httplib.h>

namespace hello::server {

namespace {

/// Gives the bytes of one request and takes those of its answer; no socket anywhere.
class Memory final : public httplib::Stream {
public:
  Memory(std::string_view in, std::string &out) : in_(in), out_(out) {}
  bool is_readable() const override { return !in_.empty(); }
  bool wait_readable() const override { return true; }
  bool wait_writable() const override { return true; }
  bool is_peer_alive() const override { return true; }
  ssize_t read(char *to, std::size_t size) override {
    size = std::min(size, in_.size());
    std::memcpy(to, in_.data(), size);
    in_.remove_prefix(size);
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char *from, std::size_t size) override {
    out_.append(from, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string &, int &) const override {}
  void get_local_ip_and_port(std::string &, int &) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

private:
  std::string_view in_;
  std::string &out_;
};

/// process_request is protected and no promise: what it looks like in the locked version is
/// asserted here.
class Processor : public httplib::Server {
public:
  using Process = bool (Processor::*)(httplib::Stream &, const std::string &, int,
                                      const std::string &, int, bool, bool &,
                                      const std::function<void(httplib::Request &)> &, bool *);
  static_assert(
      std::is_same_v<decltype(static_cast<Process>(&Processor::process_request)), Process>);
  static_assert(std::string_view(CPPHTTPLIB_VERSION) == "0.41.0",
                "read process_request again before the lock moves");

  void process(Memory &stream, bool close) {
    bool closed = false;
    process_request(stream, {}, 0, {}, 0, close, closed, nullptr);
  }
};

/// What cpp-httplib is shown: a request of the same kind, without what the engine has settled
/// already (framing, Connection, Expect) and what the library would refuse where RFC 9110 says to
/// ignore it (a malformed Accept).
std::string_view shown(const Request &request) {
  return request.method == "HEAD" ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n";
}

} // namespace

struct Http::Impl {
  Processor processor;
  Route route;
  const Request *request = nullptr;
};

Http::Http(Route route) : impl_(std::make_unique<Impl>()) {
  impl_->route = std::move(route);
  // One function answers all: the library builds a regular expression for each route of its own.
  impl_->processor.set_pre_routing_handler(
      [impl = impl_.get()](const httplib::Request &, httplib::Response &response) {
        Reply reply = impl->route(*impl->request);
        response.status = reply.status;
        for (auto &[name, value] : reply.headers) response.set_header(name, value);
        if (!reply.content_type.empty())
          response.set_content(std::move(reply.body), reply.content_type);
        return httplib::Server::HandlerResponse::Handled;
      });
  // The library closes after every error and promises a time of its own: the engine decides here.
  impl_->processor.set_post_routing_handler(
      [impl = impl_.get()](const httplib::Request &, httplib::Response &response) {
        for (const char *name : {"Connection", "Keep-Alive", "Accept-Ranges"})
          response.headers.erase(name);
        if (response.status == 204 || response.status == 304)
          response.headers.erase("Content-Length");
        if (!impl->request->keep_alive)
          response.set_header("Connection", "close");
        else if (impl->request->minor == 0)
          response.set_header("Connection", "keep-alive");
      });
}

Http::~Http() = default;

void Http::respond(const Request &request, std::string &out) {
  impl_->request = &request;
  Memory stream(shown(request), out);
  impl_->processor.process(stream, !request.keep_alive);
}

} // namespace hello::server
