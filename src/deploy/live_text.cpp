#include "deploy/live_text.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "deploy/main_deployment.h"
#include "deploy/port_forward.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

using namespace std::chrono_literals;
using State = Outcome::State;

constexpr std::size_t kMost = 50, kAtOnce = 10;
constexpr int kTries = 3; ///< requests without a page until a pod counts as not checked
constexpr std::string_view kFlag = "--messages-file=";

/// The item of a list with this value; a null value if there is none.
const json::Value &item(const json::Value &list, std::string_view key, std::string_view value) {
  static const json::Value none;
  for (const json::Value &one : list.items())
    if (one.at(key).text() == value) return one;
  return none;
}

/// Name of the ConfigMap that is mounted at a container's folder; empty: none is.
std::string mounted_at(const json::Value &pod, const json::Value &container, std::string_view dir) {
  const std::string volume = item(container.at("volumeMounts"), "mountPath", dir).text("name");
  return item(pod.at("volumes"), "name", volume).text("configMap", "name");
}

/// Names of the ready pods, by turns of their nodes; `all` counts them.
std::vector<std::string> choose(kube::Cluster &cluster, std::size_t &all) {
  const kube::Access &access = cluster.access();
  std::map<std::string, std::vector<std::string>> by_node;
  cluster.list({"v1", "Pod", access.ns, names::pods_selector(access.release)},
               [&](json::Value &&object) {
                 kube::Pod pod = kube::pod_of(object);
                 if (pod.deleting || !pod.ready()) return;
                 by_node[pod.node].push_back(std::move(pod.name));
                 ++all;
               });
  std::vector<std::string> chosen;
  const std::size_t count = std::min(all, kMost);
  for (std::size_t turn = 0; chosen.size() < count; ++turn)
    for (auto &[node, pods] : by_node)
      if (turn < pods.size() && chosen.size() < count) chosen.push_back(std::move(pods[turn]));
  return chosen;
}

/// Why the service kept the old text, from a line of its log; empty: the line says nothing of that.
std::string reason_in(std::string_view line) {
  if (line.find("messages_kept") == line.npos) return "";
  try {
    const json::Value object = json::parse(line, "log");
    return object.text("event") == "messages_kept" ? object.text("reason") : "";
  } catch (const Error &) { // a line of text
    const auto at = line.find(" reason=");
    if (at == line.npos || line.find(" event=messages_kept ") == line.npos) return "";
    return std::string(line.substr(at + 8));
  }
}

class Asking {
public:
  Asking(kube::Cluster &cluster, const LiveText &text, const Set &set, const Times &times,
         const Listener &emit)
      : cluster_(cluster), text_(text), path_(base_path(set)), port_(target_port(set)),
        deadline_(times.deadline), applied_(times.applied), emit_(emit) {}

  Outcome run() {
    std::size_t all = 0;
    const std::vector<std::string> pods = choose(cluster_, all);
    if (pods.empty()) return {};
    for (std::size_t from = 0; from < pods.size(); from += kAtOnce) {
      const Outcome outcome = batch({pods.data() + from, std::min(kAtOnce, pods.size() - from)});
      if (outcome.state != State::ready) return outcome;
    }
    if (shown_ == pods.size())
      emit_(event::Note{
          fmt::format("the new message is shown by all pods asked: {} of {}", shown_, all)});
    else
      emit_(event::Warning{text_.config_map.text(),
                           fmt::format("not checked whether {} of {} pods show the new message: "
                                       "no answer",
                                       pods.size() - shown_, all)});
    return {};
  }

private:
  struct Asked {
    std::string pod, address; ///< no address: not to be asked any more
    std::unique_ptr<kube::Forward> forward{};
    int missed = 0;
    sys::Deadline looked{}; ///< into its log
  };

  Outcome batch(std::span<const std::string> pods) {
    std::vector<Asked> open;
    for (const std::string &pod : pods)
      open.push_back({pod, "", cluster_.forward("pod/" + pod, port_), 0, applied_});
    for (Asked &one : open)
      if (auto address = one.forward->address(cluster_.now() + 10s)) one.address = *address;
    std::optional<kube::Problem> refusal;
    for (;;) {
      std::erase_if(open, [&](Asked &one) { return is_done(one, refusal); });
      if (refusal) return {State::failed, {*refusal}};
      if (open.empty()) return {};
      if (cluster_.now() >= deadline_) return late(open.size());
      if (!std::exchange(waiting_, true))
        emit_(event::Note{"waiting for the pods to show the new message; the kubelet renews a "
                          "mounted ConfigMap about once a minute"});
      emit_(event::Tick{});
      cluster_.sleep(1s);
    }
  }

  /// Whether there is nothing more to learn about a pod.
  bool is_done(Asked &one, std::optional<kube::Problem> &refusal) {
    if (refusal) return false;
    if (one.address.empty()) return true;
    const sys::HttpReply reply = cluster_.ask("http://" + one.address + path_, 5s);
    if (reply.status != 200) return ++one.missed == kTries;
    if (shows(reply.body)) {
      ++shown_;
      return true;
    }
    const std::string why = reason_of(one);
    if (why.empty()) return false;
    refusal = kube::Problem{kube::Cause::failed,          "Pod", one.pod, text_.container,
                            "it refuses the new message", why,   true};
    return false;
  }

  /// The service ends a text with a newline, and the client keeps the first 64 KiB.
  bool shows(std::string_view body) const {
    std::string_view text = text_.text;
    if (body.size() < text.size() && body.size() >= (64 << 10)) text = text.substr(0, body.size());
    if (body.size() == text.size() + 1 && body.ends_with('\n')) body.remove_suffix(1);
    return body == text;
  }

  /// From what the pod's log has since the last look, or since the change was applied.
  std::string reason_of(Asked &one) {
    const auto now = cluster_.now();
    kube::LogQuery query;
    const auto seconds = [now](sys::Deadline since) {
      return std::chrono::ceil<std::chrono::seconds>(now - since).count();
    };
    query.since_seconds = std::min(seconds(one.looked) + 1, seconds(applied_));
    query.tail_lines = 2000;
    one.looked = now;
    const auto log = cluster_.log(one.pod, text_.container, query);
    std::string reason;
    if (!log) return reason;
    for (const std::string_view line : text::lines(*log))
      if (std::string why = reason_in(line); !why.empty()) reason = std::move(why);
    return reason;
  }

  Outcome late(std::size_t open) const {
    return {State::timed_out,
            {{kube::Cause::not_ready, text_.config_map.kind, text_.config_map.name, "",
              fmt::format("{} of the pods asked still show{} the earlier message", open,
                          open == 1 ? "s" : ""),
              ""}}};
  }

  kube::Cluster &cluster_;
  const LiveText &text_;
  const std::string path_, port_;
  sys::Deadline deadline_, applied_; ///< an earlier change may have been refused before that
  const Listener &emit_;
  std::size_t shown_ = 0;
  bool waiting_ = false;
};

} // namespace

std::optional<LiveText> changed_text(const Plan &plan, const kube::Access &access) {
  const kube::Object *main = main_deployment(plan.set, access);
  if (!main) return std::nullopt;
  const json::Value &pod = main->value.at("spec", "template", "spec");
  for (const json::Value &container : pod.at("containers").items())
    for (const json::Value &arg : container.at("args").items()) {
      const std::string_view path = arg.text();
      const auto slash = path.rfind('/');
      if (!path.starts_with(kFlag) || slash == path.npos) continue;
      const std::string_view dir = path.substr(kFlag.size(), slash - kFlag.size());
      const kube::Id id{"v1", "ConfigMap", main->id.ns, mounted_at(pod, container, dir)};
      const auto wanted = std::find_if(plan.set.begin(), plan.set.end(),
                                       [&](const kube::Object &one) { return one.id == id; });
      if (wanted == plan.set.end() || plan.action(id) != Item::Action::change) continue;
      const std::string_view key = path.substr(slash + 1);
      const std::string_view text = wanted->value.at("data", key).text();
      if (text != plan.before(id).value.at("data", key).text())
        return LiveText{id, container.text("name"), std::string(text)};
    }
  return std::nullopt;
}

Outcome await_text(kube::Cluster &cluster, const LiveText &text, const Set &set, const Times &times,
                   const Listener &emit) {
  return Asking(cluster, text, set, times, emit).run();
}

} // namespace hello::deploy
