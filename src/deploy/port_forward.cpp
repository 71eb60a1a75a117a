#include "deploy/port_forward.h"

#include <fmt/core.h>

#include "hello/http_client.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;

std::string first_line(const std::string &body) {
  std::string line = body.substr(0, body.find('\n'));
  if (line.size() <= 100) return line;
  std::size_t end = 100;
  while (end > 0 && (line[end] & 0xc0) == 0x80) --end; // not within a character
  return line.substr(0, end) + "…";
}

Response get_until(const std::string &url, sys::Deadline deadline) {
  Response response{false, url, ""};
  for (;;) {
    const sys::HttpReply reply = sys::http_get(url, 5s);
    response.ok = reply.status >= 200 && reply.status < 400;
    response.text = response.ok    ? first_line(reply.body)
                    : reply.status ? fmt::format("status {}", reply.status)
                                   : reply.body;
    if (response.ok || sys::Clock::now() > deadline) return response;
    sys::pause(200ms);
  }
}

} // namespace

Response get(const std::string &url) {
  try {
    return get_until(url, sys::Clock::now() + 10s);
  } catch (const Error &error) { // no URL to ask: the deploy itself is done
    return {false, url, error.what()};
  }
}

void PortForward::start(const std::string &target, const std::string &port) {
  if (child_) return;
  child_ = cluster_.start({"--namespace=" + cluster_.access().ns, "port-forward",
                           "--address=127.0.0.1", target, ":" + port});
}

Response PortForward::get() {
  const auto deadline = sys::Clock::now() + 10s;
  Response response{false, "a port-forward", ""};
  std::string out, err;
  for (bool open = true;
       open && out.find('\n') == std::string::npos;) { // "Forwarding from 127.0.0.1:40123 -> 8080"
    const int fds[] = {child_->out(), child_->err()};
    if (!sys::wait_readable(fds, deadline)) break;
    const bool err_open = sys::drain(child_->err(), err);
    open = sys::drain(child_->out(), out) || err_open;
  }
  const auto from = out.find("127.0.0.1:"), to = out.find(' ', from);
  if (from == std::string::npos) {
    response.text = "no pod took it within 10 s";
    if (err.empty()) return response;
    response.text =
        kube::explain(sys::Finished{1, false, {}, err}, "start it", cluster_.access()).words();
    return response;
  }
  const Response local =
      get_until("http://" + out.substr(from, to - from) + "/", sys::Clock::now() + 5s);
  response.ok = local.ok;
  response.text = local.text;
  return response;
}

} // namespace hello::deploy
