#include "deploy/port_forward.h"

#include <fmt/core.h>

#include "hello/mask.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;

Response get_until(kube::Cluster &cluster, const std::string &url, sys::Deadline deadline) {
  Response response{false, url, ""};
  for (;;) {
    const sys::HttpReply reply = cluster.ask(url, 5s);
    response.ok = reply.status >= 200 && reply.status < 400;
    if (response.ok)
      response.text = text::shortened(text::first_line(mask::applied(reply.body)), 100);
    else
      response.text = reply.status ? fmt::format("status {}", reply.status) : reply.body;
    if (response.ok || cluster.now() >= deadline) return response;
    cluster.sleep(200ms);
  }
}

} // namespace

Response get(kube::Cluster &cluster, const std::string &url, std::chrono::seconds patience) {
  try {
    return get_until(cluster, url, cluster.now() + patience);
  } catch (const Error &error) { // no URL to ask: the deploy itself is done
    if (error.code() != Exit::usage) throw;
    return {false, url, error.what()};
  }
}

void PortForward::start(const std::string &target, const std::string &port) {
  if (!forward_) forward_ = cluster_.forward(target, port);
}

Response PortForward::get(const std::string &path, std::chrono::seconds patience) {
  Response response{false, "a port-forward", ""};
  auto address = forward_->address(cluster_.now() + 10s);
  if (!address) {
    response.text = address.failed_with(kube::Trouble::timed_out)
                        ? "no pod took it within 10 s"
                        : kube::explain(address.failure(), "start it", cluster_.access()).words();
    return response;
  }
  const Response local =
      get_until(cluster_, "http://" + *address + path, cluster_.now() + patience);
  response.ok = local.ok;
  response.text = local.text;
  return response;
}

} // namespace hello::deploy
