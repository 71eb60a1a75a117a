#include "deploy/answer.h"

#include <fmt/core.h>

#include "hello/get.h"

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

Answer ask_until(const std::string &url, sys::Deadline deadline) {
  Answer answer{false, url, ""};
  for (;;) {
    const sys::Got reply = sys::get(url, 5s);
    answer.ok = reply.status >= 200 && reply.status < 400;
    answer.text = answer.ok      ? first_line(reply.body)
                  : reply.status ? fmt::format("status {}", reply.status)
                                 : reply.body;
    if (answer.ok || sys::Clock::now() > deadline) return answer;
    sys::pause(200ms);
  }
}

} // namespace

Answer ask(const std::string &url) {
  try {
    return ask_until(url, sys::Clock::now() + 10s);
  } catch (const Error &error) { // no URL to ask: the deploy itself is done
    return {false, url, error.what()};
  }
}

void Forward::begin(const std::string &what, const std::string &port) {
  if (child_) return;
  child_ = cluster_.start({"--namespace=" + cluster_.access().ns, "port-forward",
                           "--address=127.0.0.1", what, ":" + port});
}

Answer Forward::ask() {
  const auto deadline = sys::Clock::now() + 10s;
  Answer answer{false, "a port-forward", ""};
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
    answer.text = "no pod took it within 10 s";
    if (err.empty()) return answer;
    answer.text =
        kube::explain(sys::Finished{1, false, {}, err}, "start it", cluster_.access()).words();
    return answer;
  }
  const Answer local =
      ask_until("http://" + out.substr(from, to - from) + "/", sys::Clock::now() + 5s);
  answer.ok = local.ok;
  answer.text = local.text;
  return answer;
}

} // namespace hello::deploy
