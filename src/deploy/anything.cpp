#include "deploy/anything.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/owner.h"
#include "hello/prune.h"
#include "hello/readiness.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

using kinds::Rank;

bool is_new(const Plan &plan, const kube::Id &id) {
  return plan.before(id).state == kube::Live::State::absent;
}

constexpr std::string_view kDefinition = "CustomResourceDefinition";

using Kind = std::pair<std::string, std::string>; ///< group and kind

Kind kind_of(const kube::Id &id) { return {release::identity(id).group, id.kind}; }

Kind defined_by(const kube::Object &definition) {
  const json::Value &spec = definition.value.at("spec");
  return {spec.text("group"), spec.text("names", "kind")};
}

/// The pod without the new account and classes of the set, which admission of the pod would look
/// for in vain; none if it names no such thing.
std::optional<kube::Object> without_new(const Plan &plan, const kube::Object &pod) {
  constexpr std::pair<const char *, const char *> kNamed[] = {
      {"serviceAccountName", "ServiceAccount"},
      {"priorityClassName", "PriorityClass"},
      {"runtimeClassName", "RuntimeClass"}};
  kube::Object rest = pod;
  json::Value &spec = rest.value["spec"];
  bool any = false;
  for (const auto &[field, kind] : kNamed)
    for (const kube::Object &object : plan.set)
      if (object.id.kind == kind && object.id.name == spec.text(field) &&
          (object.id.ns.empty() || object.id.ns == pod.id.ns) && is_new(plan, object.id)) {
        spec.erase(field);
        any = true;
      }
  if (!any) return std::nullopt;
  return rest;
}

/// Takes objects out of the plan's set.
template <class Which> void take_out(Plan &plan, Which which) { std::erase_if(plan.set, which); }

} // namespace

bool is_pod(const kube::Id &id) { return id.kind == "Pod" && id.api_version == "v1"; }

void find_other_versions(kube::Cluster &cluster, Plan &plan) {
  for (const kube::Object &object : plan.set) {
    if (object.id.kind != kDefinition) continue;
    const Kind defined = defined_by(object);
    for (const json::Value &version : plan.before(object.id).value.at("spec", "versions").items()) {
      if (!version.at("served").boolean()) continue;
      for (auto &[id, found] : plan.live) {
        kube::Id other = id;
        other.api_version = defined.first + "/" + version.text("name");
        if (kind_of(id) == defined && other != id && found.state == kube::Live::State::absent)
          found = kube::look_up(cluster, other);
      }
      break; // each version shows all objects
    }
  }
}

void find_unchecked(Plan &plan, const CheckOne &check) {
  std::set<Kind> added, changed;
  std::set<std::string> namespaces;
  for (const kube::Object &object : plan.set) {
    const bool is_definition = object.id.kind == kDefinition;
    if (is_new(plan, object.id)) {
      if (is_definition) added.insert(defined_by(object));
      if (object.id.kind == "Namespace") namespaces.insert(object.id.name);
    } else if (is_definition && check) {
      const auto answer = check(object);
      if (answer && !answer->objects.empty() &&
          !kube::changes(plan.before(object.id).value, answer->objects[0].value).empty())
        changed.insert(defined_by(object));
    }
  }
  for (const kube::Object &object : plan.set) {
    bool unchecked = added.count(kind_of(object.id)) || namespaces.count(object.id.ns);
    if (!unchecked && changed.count(kind_of(object.id))) {
      const auto answer = check(object);
      unchecked = answer.failed_with(kube::Trouble::unknown_kind) ||
                  answer.failed_with(kube::Trouble::invalid);
    }
    if (!unchecked && check && is_pod(object.id))
      if (const auto rest = without_new(plan, object)) unchecked = bool(check(*rest));
    if (unchecked) plan.unchecked.insert(object.id);
  }
}

void settle_jobs(kube::Cluster &cluster, Plan &plan) {
  const auto gone = [&](const kube::Object &object) {
    return object.id.kind == "Job" && is_new(plan, object.id) &&
           object.value.at("spec").find("ttlSecondsAfterFinished");
  };
  if (std::none_of(plan.set.begin(), plan.set.end(), gone)) return;
  const auto ready =
      std::find_if(plan.history.begin(), plan.history.end(),
                   [](const release::Release &one) { return one.state == release::State::ready; });
  if (ready == plan.history.end()) return;
  const auto ran = release::find_set(cluster, *ready);
  if (!ran) return;
  const Set marked = release::marked(*ran, cluster.access());
  take_out(plan, [&](const kube::Object &object) {
    return gone(object) && std::any_of(marked.begin(), marked.end(), [&](const kube::Object &old) {
             return old.id == object.id &&
                    json::canonical(old.value) == json::canonical(object.value);
           });
  });
}

void hold_back(Plan &plan) {
  take_out(plan, [&](const kube::Object &object) {
    const kube::Id &id = object.id;
    const bool is_secret = id.kind == "Secret";
    if (!is_secret && id.kind != "Job" && id.kind != kDefinition &&
        id.kind != "PersistentVolumeClaim")
      return false;
    const kube::Live &live = plan.before(id);
    const auto changes =
        live.present() ? kube::changes(live.value, object.value) : std::vector<kube::Change>{{}};
    const bool differs = std::any_of(changes.begin(), changes.end(), [](const kube::Change &one) {
      return one.after.empty() ? one.path.empty() : !one.path.starts_with("metadata");
    });
    if (!differs) return true;
    std::string_view why = "an earlier one could lose data";
    if (is_secret) why = "hello brings no earlier Secret back";
    if (id.kind == "Job") why = "no Job runs again";
    plan.warnings.push_back(
        {.object = id.text(),
         .text =
             fmt::format("not rolled back: {}. By hand: {}kubectl apply --server-side -f with {}",
                         why, is_secret ? "" : "hello history REVISION > set.yaml, then ",
                         is_secret ? "the earlier one" : "this object of it"),
         .is_held_back = true});
    return true;
  });
}

bool may_be_replaced(const kube::Object &object, const Options &options) {
  const bool asked = object.value.text("metadata", "annotations", "hello/replace") == "true";
  if (asked && release::carries_keep(object.value))
    throw Error(Exit::invalid,
                object.id.text() + " carries both hello/replace and hello/keep: it cannot be "
                                   "removed and stay",
                "remove one of the annotations");
  if (asked &&
      (object.id.kind == "Namespace" || kinds::is(object.id.kind, kinds::Kind::holds_data)))
    throw Error(Exit::invalid,
                fmt::format("{}: hello/replace is not for a {}: data would go with it",
                            object.id.text(), object.id.kind),
                "remove the annotation");
  return asked || options.replace.count(object.id);
}

std::string replacement(const kube::Id &id) {
  if (id.kind == "StatefulSet")
    return "a field cannot change, so it is removed and made anew; its pods stay and are taken "
           "over";
  if (id.kind == "Service")
    return "a field cannot change, so it is removed and made anew: it gets a new address, and does "
           "not answer for a moment";
  return "a field cannot change, so it is removed and made anew: what it runs is away for that "
         "time";
}

Error immutable_error(const kube::Failure &failure) {
  // The KIND "NAME" is invalid: FIELD: …, or with lines "* FIELD: …" below; among others:
  // Error from server (Invalid): KIND.GROUP "NAME" is invalid: [FIELD: …
  constexpr std::string_view kInvalid = "\" is invalid: ";
  std::string text, object;
  const auto add = [&](std::string_view rest) {
    if (rest.starts_with("[")) rest.remove_prefix(1);
    text += fmt::format("\n{}: {}", object, rest.substr(0, rest.find(": ")));
  };
  for (const std::string_view line : text::lines(failure.words)) {
    const auto end = line.find(kInvalid), quote = line.rfind(" \"", end);
    if (end != line.npos && quote != line.npos) {
      const std::string_view before = line.substr(0, quote),
                             kind = before.substr(before.rfind(' ') + 1);
      object = fmt::format("{}/{}", kind.substr(0, kind.find('.')),
                           line.substr(quote + 2, end - quote - 2));
      if (const auto rest = line.substr(end + kInvalid.size()); !rest.empty()) add(rest);
    } else if (line.starts_with("* ") && !object.empty()) {
      add(line.substr(2));
    }
  }
  return Error(
      Exit::cluster,
      "the set would change immutable fields:" + (text.empty() ? "\n" + failure.words : text),
      "leave them as they are; or the annotation hello/replace: \"true\" lets hello remove "
      "the object and make it anew");
}

bool lacks_endpoints(const kube::Failure &failure) {
  return failure.trouble == kube::Trouble::webhook_silent &&
         failure.words.find("no endpoints available") != std::string::npos;
}

kube::Result<kube::Answer> check_set(kube::Cluster &cluster, const Set &set,
                                     const kube::ApplyOptions &how) {
  if (set.empty()) return kube::Answer{};
  auto answer = cluster.dry_run(set, how);
  while (!answer && lacks_endpoints(answer.failure()) && cluster.now() < how.deadline) {
    cluster.sleep(std::chrono::seconds(1)); // a webhook may be about to start
    answer = cluster.dry_run(set, how);
  }
  if (answer || answer.failure().words.find("denied the request") == std::string::npos)
    return answer;
  kube::Failure denied = answer.failure();
  std::string words;
  for (const kube::Object &object : set)
    if (const auto one = cluster.dry_run({&object, 1}, how); !one)
      words += (words.empty() ? "" : "\n") + object.id.text() + ": " + one.failure().words;
  if (!words.empty()) denied.words = std::move(words);
  return denied;
}

kube::Result<kube::Answer> check_new(kube::Cluster &cluster, const Set &set,
                                     const kube::ApplyOptions &how) {
  const auto known = cluster.now() + std::chrono::seconds(10), // to all API servers
      soon = cluster.now() + std::chrono::seconds(2);          // with its new fields
  for (;; cluster.sleep(std::chrono::seconds(1))) {
    auto answer = check_set(cluster, set, how);
    const bool late = (answer.failed_with(kube::Trouble::unknown_kind) && cluster.now() < known) ||
                      (answer.failed_with(kube::Trouble::invalid) && cluster.now() < soon);
    if (answer || cluster.now() >= how.deadline || (!late && !answer.failure().retryable))
      return answer;
  }
}

std::optional<kube::Problem> await_definitions(kube::Cluster &cluster, const Set &applied,
                                               std::chrono::seconds grace, sys::Deadline deadline) {
  const auto patience = std::min(deadline, cluster.now() + grace);
  for (const kube::Object &object : applied) {
    if (object.id.kind != kDefinition) continue;
    for (;; cluster.sleep(std::chrono::milliseconds(200))) {
      const auto live = cluster.read(object.id);
      const auto now = kube::readiness(live ? *live : object.value);
      if (now.over()) break;
      const bool fails = now.state >= kube::Readiness::State::failing;
      if (cluster.now() >= (fails ? patience : deadline))
        return kube::Problem{kube::Cause::not_ready,
                             object.id.kind,
                             object.id.name,
                             "",
                             now.text,
                             now.evidence,
                             true};
    }
  }
  return std::nullopt;
}

void remove_for_replacement(kube::Cluster &cluster, const Plan &plan, const kube::Id &id,
                            sys::Deadline deadline) {
  const std::string uid = plan.before(id).value.text("metadata", "uid");
  const release::Claims claims(cluster.access(), plan.history);
  const auto owner = release::remove(
      cluster, id, uid,
      [&](const json::Value &live) { return claims.fate_of(id, live, release::Purpose::undeploy); },
      deadline, id.kind == "StatefulSet" ? release::Dependents::stay : release::Dependents::go);
  if (!owner.ours())
    throw Error(Exit::cluster,
                fmt::format("{} cannot be replaced: {}", id.text(), release::describe(owner)));
  for (;; cluster.sleep(std::chrono::milliseconds(250))) {
    const auto live = cluster.read(id);
    if (live ? live->text("metadata", "uid") != uid : live.failure().absent()) return;
    if (cluster.now() >= deadline)
      throw Error(Exit::rollout, id.text() + " is not gone at the time limit",
                  "a finalizer may hold it: kubectl get it -o yaml");
  }
}

} // namespace hello::deploy
