#include "deploy/reach.h"

#include <algorithm>

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;
using By = Reached::By;

constexpr std::size_t kLongestHostname = 63; ///< the kubelet cuts a pod's name there

/// "http://a.example/shop/" as {"http", "a.example", "/shop/"}.
struct Parts {
  std::string scheme, host, path;
};

Parts parts_of(const std::string &url) {
  const auto host = url.find("://") + 3, path = std::min(url.find('/', host), url.size());
  return {url.substr(0, host), url.substr(host, path - host), url.substr(path)};
}

} // namespace

std::string Reached::words() const {
  switch (by) {
  case By::release: return fmt::format("answered by pod {} of this release", detail);
  case By::other: return fmt::format("answered by something else ({})", detail);
  case By::nothing: return "not reached from here: " + detail;
  case By::unchecked: break;
  }
  return "not checked: " + detail;
}

std::string_view Reached::name() const {
  switch (by) {
  case By::release: return "release";
  case By::other: return "other";
  case By::nothing: return "nothing";
  case By::unchecked: break;
  }
  return "unchecked";
}

Reach::Reach(kube::Cluster &cluster, std::chrono::seconds patience, Ask ask)
    : cluster_(cluster), ask_(ask), until_(cluster.now() + patience) {}

std::optional<Reached> Reach::ask(const event::Reachable &way) {
  if (way.address && way.address->empty()) return std::nullopt; // a warning says so
  if (!way.address && !way.node_port) return std::nullopt;      // a command
  find_pods();
  const Parts parts = parts_of(way.how);
  std::string address = way.address.value_or(""), url = way.how;
  if (way.node_port) {
    const auto node = std::find_if(pods_->begin(), pods_->end(),
                                   [](const auto &pod) { return !pod.second.empty(); });
    if (node == pods_->end()) return std::nullopt;
    address = node->second;
    const bool v6 = address.find(':') != address.npos;
    url = fmt::format("{}{}{}{}:{}{}", parts.scheme, v6 ? "[" : "", address, v6 ? "]" : "",
                      *way.node_port, parts.path);
  }
  Reached answer{By::unchecked, "a wildcard is no host"};
  while (parts.host.find('*') == parts.host.npos) {
    answer = once(url, address);
    // a controller needs a moment to take in a new route; what does not answer will not soon
    if (answer.by != By::other || cluster_.now() >= until_) break;
    cluster_.sleep(200ms);
  }
  if (!first_) {
    const bool ours = answer.by == By::release;
    first_ = Response{ours, url, ours ? "pod " + answer.detail : answer.words()};
  }
  return answer;
}

void Reach::find_pods() {
  if (pods_) return;
  pods_.emplace();
  const kube::Access &access = cluster_.access();
  cluster_.list({"v1", "Pod", access.ns, names::pods_selector(access.release)},
                [&](json::Value &&pod) {
                  (*pods_)[pod.text("metadata", "name")] = pod.text("status", "hostIP");
                });
}

/// The service's JSON page names the pod that answers.
Reached Reach::once(const std::string &url, const std::string &address) {
  const sys::HttpReply reply = ask_(url, address, 2s);
  if (reply.status < 0) return {By::unchecked, reply.body};
  if (reply.status == 0) return {By::nothing, reply.body};
  if (reply.status == 200) try {
      const std::string pod = json::parse(reply.body, "the page").text("pod");
      if (!pod.empty() && is_ours(pod)) return {By::release, pod};
    } catch (const Error &) { // another page
    }
  return {By::other, fmt::format("status {}", reply.status)};
}

bool Reach::is_ours(const std::string &hostname) const {
  if (hostname.size() < kLongestHostname - 1) return pods_->count(hostname) > 0;
  return std::any_of(pods_->begin(), pods_->end(),
                     [&](const auto &pod) { return pod.first.starts_with(hostname); });
}

} // namespace hello::deploy
