#include "check/context.h"

#include <algorithm>
#include <ctime>

#include <fmt/core.h>

#include "hello/client_pod.h"
#include "hello/manifest.h"
#include "hello/nearest.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPoll{300};

/// How long a log or list is asked for again while the API server or the kubelet fails.
constexpr seconds kPatience{5};

/// How long after the last check an interrupted run's objects are still its own.
constexpr seconds kGrace{600};

/// How long a check waits, unless check.bounds says otherwise.
struct Bound {
  std::string_view name;
  milliseconds time;
};
constexpr Bound kBounds[] = {
    {"api.p99", seconds(1)},           {"start.warn", seconds(5)},
    {"start.fail", seconds(60)},       {"dns.p99", milliseconds(100)},
    {"service.warn", seconds(2)},      {"service.fail", seconds(10)},
    {"ingress.address", seconds(60)},  {"rollout.reason", seconds(30)},
    {"metrics.age", seconds(90)},      {"autoscaler.up", seconds(120)},
    {"logs.arrive", seconds(60)},      {"scrape.seen", seconds(75)},
    {"scrape.rule", seconds(180)},     {"spread.warn", seconds(1)},
    {"spread.fail", seconds(5)},       {"scale-down.down", seconds(150)},
    {"gateway.accepted", seconds(60)}, {"load-balancer.address", seconds(180)},
    {"storage.bound", seconds(60)},    {"storage.fsync", milliseconds(50)},
};

/// Whether a cloud may bill for it as long as it exists.
bool costs_money(const json::Value &object) {
  const std::string kind = object.text("kind");
  return kind == "Ingress" || kind == "PersistentVolumeClaim" ||
         object.text("spec", "type") == "LoadBalancer";
}

/// Why a client's pod makes no progress and never will; empty if it may.
std::string stuck(const kube::Pod &pod) {
  for (const kube::Container &container : pod.containers) {
    if (container.restarts > 0) return "the client's container was started again";
    if (container.waiting.find("Image") != std::string::npos ||
        container.waiting.find("Error") != std::string::npos)
      return fmt::format("the client's pod does not start: {} {}", container.waiting,
                         container.message);
  }
  return "";
}

} // namespace

Context::Context(kube::Cluster &cluster_, const config::Config &user_, const Options &options_,
                 Listener &listener)
    : cluster(cluster_), user(user_), options(options_),
      run(options_.run.empty() ? release::random_id() : options_.run),
      deadline(cluster_.now() + options_.timeout), check("api"), listener_(listener) {
  a = fmt::format("hello-check-{}-a", run);
  b = fmt::format("hello-check-{}-b", run);
  if (options.namespaces.size() == 2) {
    a = options.namespaces[0];
    b = options.namespaces[1];
  }
  const auto whole = std::chrono::ceil<seconds>(options.timeout) + kGrace;
  expires = text::utc(std::time(nullptr) + whole.count());
}

sys::Deadline Context::until(milliseconds time) const {
  return std::min(cluster.now() + time, deadline);
}

bool Context::runs(std::string_view name) const {
  const auto names = chosen(options);
  return std::find(names.begin(), names.end(), name) != names.end();
}

milliseconds Context::bound(std::string_view name) const {
  const YAML::Node given = user.node("check.bounds");
  for (const Bound &one : kBounds) {
    if (one.name != name) continue;
    const std::string text = yaml::text(given, std::string(name).c_str());
    if (text.empty()) return one.time;
    if (const auto time = text::duration(text)) return *time;
    throw Error(Exit::invalid,
                fmt::format("{}: {}: '{}' is not a time", user.place("check.bounds"), name, text),
                "write it like 500ms or 90s");
  }
  return {};
}

void Context::check_bounds() const {
  std::vector<std::string_view> known;
  for (const Bound &one : kBounds) {
    known.push_back(one.name);
    bound(one.name);
  }
  for (const auto &one : user.node("check.bounds")) {
    const std::string name = one.first.Scalar();
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(Exit::invalid,
                  fmt::format("{}: there is no bound '{}'{}", user.place("check.bounds"), name,
                              config::hint(config::nearest(name, known))),
                  "docs/check.md lists them");
  }
}

std::string Context::mark(int revision) const {
  return fmt::format("{}-message-{}", run, revision);
}

std::vector<kube::Object> Context::rendered(std::string_view name,
                                            std::span<const Setting> more) const {
  std::vector<Setting> own = {
      {"name", std::string(name)},
      {"namespace.name", a},
      {"namespace.create", "false"},
      {"messages", mark(1)},
      {"replicas", "2"},
      {"autoscaling.enabled", "false"},
      {"expose", "none"},
      {"metrics.scrape", "none"},
      {"termination.drainTimeout", "5s"}, // namespaces wait for the pods' longest time
      {"labels", fmt::format("{{{}: {}}}", kRunLabel, run)},
      {"annotations", fmt::format("{{{}: \"{}\"}}", kExpires, expires)},
  };
  own.insert(own.end(), more.begin(), more.end());
  std::vector<kube::Object> set;
  for (const manifest::Object &object : manifest::render_all(release_config(user, own)))
    set.push_back({{object.api_version, object.kind, object.ns, object.name},
                   json::parse(yaml::to_json(object.node), object.name)});
  return set;
}

kube::Result<kube::Answer> Context::apply(std::span<const kube::Object> set) {
  for (const kube::Object &object : set)
    if (std::find(made_.begin(), made_.end(), object.id) == made_.end()) {
      remember(object.id);
      if (costs_money(object.value)) costly_.push_back(object.id);
    }
  kube::ApplyOptions how;
  how.manager = kManager;
  how.force = true;
  how.deadline = until(seconds(30));
  auto answer = cluster.apply(set, how);
  if (set.size() == 1 && answer.failed_with(kube::Trouble::forbidden) && !made_.empty() &&
      made_.back() == set[0].id)
    made_.pop_back(); // it was not made, and may not even be readable
  return answer;
}

kube::Result<kube::Answer> Context::apply(std::string_view json, const std::string &ns) {
  kube::Object object{{}, json::parse(json, "object")};
  json::Value &metadata = object.value["metadata"];
  if (!ns.empty()) metadata["namespace"] = json::string(ns);
  metadata["labels"][kRunLabel] = json::string(run);
  metadata["annotations"][kExpires] = json::string(expires);
  object.id = kube::id_of(object.value);
  return apply(std::span(&object, 1));
}

std::string Context::words_of(const kube::Failure &failure) {
  if (failure.trouble == kube::Trouble::unreachable || failure.trouble == kube::Trouble::timed_out)
    api_lost = true;
  return failure.words;
}

kube::Result<json::Value> Context::read(const kube::Id &id) {
  auto found = cluster.read(id);
  if (!found) words_of(found.failure());
  return found;
}

std::vector<Place> Context::pods(const std::string &ns, std::string_view release) {
  const kube::Collection pods{"v1", "Pod", ns, names::pods_selector(release)};
  for (const sys::Deadline end = until(kPatience);; sleep(kPoll)) {
    std::vector<Place> found;
    const auto failure = cluster.list(pods, [&](json::Value &&pod) {
      if (pod.at("metadata").find("deletionTimestamp")) return;
      found.push_back({pod.text("metadata", "name"), pod.text("status", "podIP"),
                       pod.text("spec", "nodeName"), kube::pod_of(pod).ready()});
    });
    if (!failure) return found;
    words_of(*failure);
    if (!failure->retryable || is_over(end))
      throw kube::explain(*failure, "list the check's pods", cluster.access());
  }
}

std::optional<kube::Failure> Context::remove_pod(const std::string &ns, const std::string &name) {
  const auto gone = cluster.remove({"v1", "Pod", ns, name}, {}, until(seconds(20)));
  return gone ? std::nullopt : std::optional(gone.failure());
}

json::Value Context::pod_spec() const {
  for (const kube::Object &object : rendered(kSteady, {}))
    if (object.id.kind == "Deployment") return object.value.at("spec", "template", "spec");
  return {};
}

json::Value Context::client_pod(const Client &client) const {
  json::Value pod;
  pod["apiVersion"] = json::string("v1");
  pod["kind"] = json::string("Pod");
  json::Value &metadata = pod["metadata"];
  metadata["name"] = json::string(client.name);
  metadata["namespace"] = json::string(client.ns);
  metadata["annotations"][kExpires] = json::string(expires);
  json::Value &labels = metadata["labels"];
  labels[kRunLabel] = json::string(run);
  labels[names::kName] = json::string("hello-check");
  if (!client.role.empty()) labels["hello/role"] = json::string(client.role);
  const json::Value service = pod_spec();
  std::vector<std::string> args = {"serve"};
  if (!client.serves) {
    args = {"check-client", run};
    args.insert(args.end(), client.args.begin(), client.args.end());
  }
  json::Value container = release::client_container(service, args);
  if (const std::string image = user.text("check.image"); !image.empty())
    container["image"] = json::string(image);
  if (!client.claim.empty())
    container["volumeMounts"].push(json::parse(R"({"name": "data", "mountPath": "/data"})", "pod"));
  json::Value spec =
      release::client_spec(service, std::move(container), client.longest + seconds(120));
  if (!client.claim.empty()) {
    spec["volumes"].push(json::parse(
        fmt::format(R"({{"name": "data", "persistentVolumeClaim": {{"claimName": "{}"}}}})",
                    client.claim),
        "pod"));
    json::Value &security = spec["securityContext"];
    if (!security.find("fsGroup") && security.find("runAsGroup")) // OpenShift sets both itself
      security["fsGroup"] = security.at("runAsGroup");
  }
  pod["spec"] = std::move(spec);
  return pod;
}

std::string Context::start(const Client &client) {
  const kube::Object object{{"v1", "Pod", client.ns, client.name}, client_pod(client)};
  const auto done = apply(std::span(&object, 1));
  return done ? "" : "the client's pod was refused: " + words_of(done.failure());
}

Heard Context::so_far(const std::string &ns, const std::string &name) {
  kube::LogQuery query;
  query.ns = ns;
  for (const sys::Deadline end = until(kPatience);; sleep(kPoll)) {
    const auto log = cluster.log(name, "hello", query);
    if (log) return read_lines(*log, run);
    if (!log.failure().retryable || is_over(end))
      return {.lines = {},
              .trouble = "the client's log cannot be read: " + words_of(log.failure())};
  }
}

Heard Context::hear(const Client &client) {
  const sys::Deadline end = until(client.longest + seconds(60));
  std::string trouble;
  int missed = 0;
  while (trouble.empty() && !is_over(end)) {
    sleep(kPoll);
    const auto read_pod = read({"v1", "Pod", client.ns, client.name});
    if (!read_pod) {
      if (!read_pod.failure().retryable || ++missed > 20)
        trouble = "the client's pod cannot be read: " + read_pod.failure().words;
      continue;
    }
    const std::string phase = read_pod->text("status", "phase");
    if (phase == "Succeeded") break;
    if (phase == "Failed")
      trouble = fmt::format("the client's pod failed: {} {}", read_pod->text("status", "reason"),
                            read_pod->text("status", "message"));
    else
      trouble = stuck(kube::pod_of(*read_pod));
    if (read_pod->at("metadata").find("deletionTimestamp"))
      trouble = "the client's pod is being deleted";
  }
  Heard heard = so_far(client.ns, client.name);
  if (heard.trouble.empty()) heard.trouble = trouble;
  if (heard.trouble.empty() && !heard.ended) heard.trouble = "the client's log has no end";
  return heard;
}

Heard Context::ask(const Client &client) {
  if (std::string trouble = start(client); !trouble.empty())
    return {.lines = {}, .trouble = std::move(trouble)};
  doing("waiting for the client");
  return hear(client);
}

std::string Context::address_of(const std::string &ns, const std::string &name) {
  for (const sys::Deadline end = until(seconds(30)); !is_over(end); sleep(kPoll)) {
    const auto pod = read({"v1", "Pod", ns, name});
    if (pod && kube::pod_of(*pod).ready()) return pod->text("status", "podIP");
  }
  return "";
}

} // namespace hello::check
