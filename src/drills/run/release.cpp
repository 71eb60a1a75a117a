#include <algorithm>
#include <ctime>
#include <memory>

#include <fmt/core.h>

#include "hello/drill_release.h"
#include "hello/error.h"
#include "hello/failure.h"
#include "hello/order.h"
#include "hello/snapshot.h"
#include "hello/text.h"

namespace hello::drills {
namespace {

using namespace std::chrono_literals;

constexpr const char *kManager = "hello-drill"; // not the deploy's: it neither owns nor removes it
constexpr auto kPatience = 10s;                 // for a port-forward, and for an answer

kube::Id deployment_of(const kube::Access &access) {
  return {"apps/v1", "Deployment", access.ns, access.release};
}

json::Value read_deployment(kube::Cluster &cluster) {
  auto got = cluster.read(deployment_of(cluster.access()));
  if (!got) throw kube::explain(got.failure(), "read the release's Deployment", cluster.access());
  return std::move(*got);
}

bool allows_drills(const json::Value &deployment) {
  const json::Value &spec = deployment.at("spec", "template", "spec");
  for (const json::Value &container : spec.at("containers").items())
    for (const json::Value &arg : container.at("args").items())
      if (arg.text() == "--drills") return true;
  return false;
}

struct Candidate {
  Target target;
  kube::Instant created;
  bool is_ready;
};

/// The pods of the release that are not on their way out, oldest first.
std::vector<Candidate> candidates(kube::Cluster &cluster) {
  const kube::Access &access = cluster.access();
  if (!allows_drills(read_deployment(cluster)))
    throw Error(Exit::cluster, fmt::format("Deployment/{} runs without --drills", access.release),
                "no drill can run there; drills.enabled: true and a deploy would allow them");
  std::vector<Candidate> all;
  const auto failure = cluster.list(
      {"v1", "Pod", access.ns, names::pods_selector(access.release)}, [&](json::Value &&object) {
        const kube::Pod pod = kube::pod_of(object);
        if (pod.deleting || object.text("status", "phase") != "Running") return;
        const auto service =
            std::find_if(pod.containers.begin(), pod.containers.end(),
                         [](const kube::Container &one) { return one.name == "hello"; });
        const bool is_running = service == pod.containers.end() || service->running;
        all.push_back(
            {{pod.name, object.text("metadata", "uid"), is_running}, pod.created, pod.ready()});
      });
  if (failure) throw kube::explain(*failure, "list the release's pods", access);
  sort_items(all, [](const Candidate &a, const Candidate &b) {
    return a.created != b.created ? a.created < b.created : a.target.pod < b.target.pod;
  });
  return all;
}

/// Asks the pods, four at a time; with `first_failure` until one gives no answer or refuses, which
/// is the last then.
enum class Until : std::uint8_t { first_failure, all };

template <typename MakeAsk>
std::vector<std::pair<Target, Reply>> ask(kube::Cluster &cluster,
                                          const std::vector<Target> &targets, Until until,
                                          Send send, MakeAsk make_ask) {
  std::vector<std::pair<Target, Reply>> replies;
  for (std::size_t from = 0; from < targets.size(); from += kAtOnce) {
    const std::size_t to = std::min(from + kAtOnce, targets.size());
    std::vector<std::unique_ptr<kube::Forward>> forwards;
    for (std::size_t i = from; i < to; ++i)
      forwards.push_back(cluster.forward("pod/" + targets[i].pod, fmt::format("{}", kPort)));
    for (std::size_t i = from; i < to; ++i) {
      Reply reply;
      if (auto address = forwards[i - from]->address(cluster.now() + kPatience)) {
        const Ask what = make_ask(targets[i].uid);
        reply = read_reply(send("http://" + *address + what.path, what.request, kPatience));
      } else {
        reply.wrong = kube::explain(address.failure(), "reach it", cluster.access()).words();
      }
      const bool failed = !reply.wrong.empty();
      if (failed && !targets[i].is_running) reply.wrong = "its container is not running";
      replies.emplace_back(targets[i], std::move(reply));
      if (failed && until == Until::first_failure) return replies;
    }
  }
  return replies;
}

/// Whether a fault may go on after these answers to a stop: then its mark stays until its time.
bool may_go_on(const std::vector<std::pair<Target, Reply>> &stopped) {
  return std::any_of(stopped.begin(), stopped.end(), [](const auto &one) {
    return !one.second.wrong.empty() && one.first.is_running;
  });
}

std::vector<Target> all_targets(kube::Cluster &cluster) {
  std::vector<Target> all;
  for (Candidate &one : candidates(cluster)) all.push_back(std::move(one.target));
  return all;
}

/// Writes the annotation; none removes it.
void write_marks(kube::Cluster &cluster, const std::vector<Mark> &marks) {
  json::Value change;
  change["metadata"]["annotations"][kMark] =
      marks.empty() ? json::Value() : json::string(to_text(marks));
  const auto done = cluster.patch(deployment_of(cluster.access()), json::to_text(change), kManager,
                                  cluster.now() + 30s);
  if (!done) throw kube::explain(done.failure(), "mark the Deployment", cluster.access());
}

std::string names_of(const std::vector<Target> &targets, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all.append(i == 0 ? "" : ",").append(targets[i].pod);
  return all;
}

} // namespace

std::vector<Mark> marks_of(kube::Cluster &cluster, std::time_t now) {
  const auto got = cluster.read(deployment_of(cluster.access()));
  if (!got) return {};
  return read_marks((*got).at("metadata", "annotations", kMark).text(), text::utc(now));
}

Choice choose(kube::Cluster &cluster, const Wish &wish) {
  const std::string where = fmt::format("{} in {}", cluster.access().release, cluster.access().ns);
  Choice choice;
  std::optional<Target> named;
  bool named_ready = false;
  for (Candidate &one : candidates(cluster)) {
    choice.ready += one.is_ready;
    if (one.target.pod == wish.pod) {
      named = one.target;
      named_ready = one.is_ready;
    }
    if (one.is_ready) choice.targets.push_back(std::move(one.target));
  }
  if (!wish.pod.empty()) {
    if (!named)
      throw Error(Exit::cluster, fmt::format("no pod {} of {} is running", wish.pod, where));
    choice.targets = {*named};
    choice.every = named_ready && choice.ready == 1;
    return choice;
  }
  if (choice.ready == 0) throw Error(Exit::cluster, fmt::format("no pod of {} is ready", where));
  std::size_t count = static_cast<std::size_t>(wish.pods.value_or(1));
  if (wish.percent) count = (choice.ready * static_cast<std::size_t>(*wish.percent) + 99) / 100;
  if (count > choice.ready)
    throw Error(Exit::cluster,
                fmt::format("{} pods of {} are ready, not {}", choice.ready, where, count));
  if (count > kMostPods)
    throw Error(Exit::usage,
                fmt::format("a drill is for at most {} pods, not {}", kMostPods, count));
  choice.targets.resize(count);
  choice.every = count == choice.ready;
  return choice;
}

void begin(kube::Cluster &cluster, const Drill &drill, const std::vector<Target> &targets,
           std::time_t now, Send send) {
  std::vector<Mark> marks = marks_of(cluster, now);
  const std::vector<Mark> before = marks;
  const auto time = std::chrono::ceil<std::chrono::seconds>(drill.time).count();
  marks.push_back({drill.text, text::utc(now + time), names_of(targets, targets.size())});
  write_marks(cluster, marks);
  const auto replies = ask(cluster, targets, Until::first_failure, send,
                           [&](const std::string &uid) { return to_begin(drill, uid); });
  const auto &[last, reply] = replies.back();
  if (reply.wrong.empty()) return;
  const std::vector<Target> begun(
      targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(replies.size() - 1));
  const auto stop_on = [&](const std::vector<Target> &pods) {
    return ask(cluster, pods, Until::all, send,
               [&](const std::string &uid) { return to_stop(drill.fault, uid); });
  };
  bool goes_on = reply.is_lost && may_go_on(stop_on({last})); // it may have begun there too
  std::string rest = "no drill has begun";
  if (!begun.empty()) {
    rest = "stopped on " + names_of(begun, begun.size());
    const auto all = stop_on(begun);
    goes_on |= may_go_on(all);
    for (const auto &[pod, stopped] : all)
      if (!stopped.wrong.empty())
        rest += fmt::format("; on {} it ends by itself: {}", pod.pod, stopped.wrong);
  }
  if (!goes_on) write_marks(cluster, before);
  throw Error(Exit::failure, fmt::format("pod {}: {}", last.pod, reply.wrong), rest);
}

std::vector<std::pair<Target, Reply>> list(kube::Cluster &cluster, Send send) {
  return ask(cluster, all_targets(cluster), Until::all, send, to_list);
}

std::vector<std::pair<Target, Reply>> stop(kube::Cluster &cluster, std::optional<Fault> fault,
                                           std::time_t now, Send send) {
  auto replies = ask(cluster, all_targets(cluster), Until::all, send,
                     [&](const std::string &uid) { return to_stop(fault, uid); });
  if (may_go_on(replies)) return replies;
  std::vector<Mark> marks = marks_of(cluster, now);
  std::erase_if(marks, [&](const Mark &mark) {
    return !fault || mark.drill.substr(0, mark.drill.find('=')) == name_of(*fault);
  });
  write_marks(cluster, marks);
  return replies;
}

bool is_protected(std::string_view context, const std::vector<std::string> &words) {
  const std::string name = text::lower(context);
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (const std::string &one : words) {
    const std::string word = text::lower(one);
    for (std::size_t at = name.find(word); at != name.npos && !word.empty();
         at = name.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if ((at == 0 || !is_letter(name[at - 1])) && (end == name.size() || !is_letter(name[end])))
        return true;
    }
  }
  return false;
}

} // namespace hello::drills
