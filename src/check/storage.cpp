#include <algorithm>

#include <fmt/core.h>

#include "check/context.h"

namespace hello::check {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kClaim = "check-claim";
constexpr int kMegabytes = 16, kFsyncs = 200;

/// The class to ask for; empty, and why, if there is none.
std::string class_of(Context &context, Outcome &why) {
  std::string chosen = context.user.text("check.storageClass");
  bool exists = false;
  std::string policy;
  const auto failure =
      context.cluster.list({"storage.k8s.io/v1", "StorageClass", ""}, [&](json::Value &&one) {
        const std::string name = one.text("metadata", "name");
        const bool usual = one.text("metadata", "annotations",
                                    "storageclass.kubernetes.io/is-default-class") == "true";
        if (chosen.empty() && usual) chosen = name;
        if (chosen != name) return;
        exists = true;
        policy = one.text("reclaimPolicy");
      });
  const auto &only = context.options.only;
  if (failure)
    why = refused(*failure, "list the StorageClasses");
  else if (chosen.empty())
    why = {.verdict = Verdict::skip,
           .cause = "NotInstalled",
           .what = "the cluster has no default StorageClass"};
  else if (!exists)
    why = failed("NoClass", fmt::format("there is no StorageClass {}", chosen), {},
                 "see which ones there are: kubectl get storageclasses");
  else if (policy == "Retain" && std::find(only.begin(), only.end(), "storage") == only.end())
    why = {.verdict = Verdict::skip,
           .cause = "Retains",
           .what = fmt::format("StorageClass {} keeps volumes that are released", chosen),
           .advice = "--only storage tests it all the same, and leaves a volume behind"};
  return chosen;
}

/// The last message of Kubernetes about the claim.
std::string event_of(Context &context) {
  std::string last;
  context.cluster.list({"v1", "Event", context.b}, [&](json::Value &&event) {
    if (event.text("involvedObject", "name") == kClaim)
      last = fmt::format("{}: {}", event.text("reason"), event.text("message"));
  });
  return last;
}

Client client_of(const Context &context, const std::string &name, std::string step) {
  return {.name = name,
          .ns = context.b,
          .args = {std::move(step)},
          .longest = seconds(90),
          .claim = std::string(kClaim)};
}

/// Waits until the claim is bound; false if it is not in time.
kube::Result<bool> await_bound(Context &context, milliseconds time) {
  for (const sys::Deadline end = context.until(time);; context.sleep(milliseconds(500))) {
    const auto claim =
        context.read({"v1", "PersistentVolumeClaim", context.b, std::string(kClaim)});
    const bool is_bound = claim && claim->text("status", "phase") == "Bound";
    if (is_bound || (claim && context.is_over(end))) return is_bound;
    if (context.is_over(end)) return claim.failure();
  }
}

/// Removes the first pod, so that the second may have the volume.
void await_end(Context &context, const Client &client) {
  context.remove_pod(client.ns, client.name);
  const kube::Id id{"v1", "Pod", client.ns, client.name};
  for (const sys::Deadline end = context.until(seconds(60)); !context.is_over(end);) {
    const auto pod = context.read(id);
    if (!pod && pod.failure().absent()) return;
    context.sleep(milliseconds(500));
  }
}

std::string claim_of(const std::string &storage_class) {
  return fmt::format(
      R"({{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {{"name": "{}"}}, )"
      R"("spec": {{"accessModes": ["ReadWriteOnce"], "storageClassName": "{}", "resources": )"
      R"({{"requests": {{"storage": "1Gi"}}}}}}}})",
      kClaim, storage_class);
}

} // namespace

Outcome check_storage(Context &context) {
  Outcome why;
  const std::string name = class_of(context, why);
  if (!why.what.empty()) return why;
  const auto made = context.apply(claim_of(name), context.b);
  if (!made) {
    context.words_of(made.failure());
    return refused(made.failure(), "make a claim");
  }
  const Client writer = client_of(context, "check-disk",
                                  fmt::format("disk /data {} {}", kMegabytes, kFsyncs)),
               reader = client_of(context, "check-disk-again", "disk /data 0 0");
  const sys::Deadline start = context.cluster.now();
  if (const std::string trouble = context.start(writer); !trouble.empty())
    return inconclusive("NoInstrument", trouble);
  context.doing("waiting for a volume");
  const auto bound = await_bound(context, context.bound("storage.bound"));
  const auto time = std::chrono::duration_cast<seconds>(context.cluster.now() - start).count();
  if (!bound) return refused(bound.failure(), "read the claim");
  if (!*bound)
    return failed("NotBound",
                  fmt::format("a claim of class {} has no volume after {} s", name, time),
                  {event_of(context)}, "look at the pods of the class's provisioner");
  context.doing("writing");
  const Heard first = context.hear(writer);
  if (!first.trouble.empty()) return no_instrument(first);
  const json::Value *wrote = first.of(0, "disk");
  if (!wrote) return no_instrument(first);
  if (!wrote->text("why").empty())
    return failed("NotWritable", "the volume cannot be written: " + wrote->text("why"), {},
                  "the pod has the group 65532 (fsGroup), which the volume must take");
  if (wrote->text("hash") != wrote->text("wrote"))
    return failed("WrongData", "what was read back is not what was written", {},
                  "look at the node's kernel log");
  await_end(context, writer);
  context.doing("reading in another pod");
  const Heard second = context.ask(reader);
  if (!second.trouble.empty()) return no_instrument(second);
  const json::Value *again = second.of(0, "disk");
  if (!again) return no_instrument(second);
  if (again->text("hash") != wrote->text("hash"))
    return failed("DataLost", "another pod with the same claim does not read what was written",
                  {again->text("why")}, "look at the log of the class's provisioner");
  const std::int64_t p99 = wrote->at("p99us").number();
  Outcome outcome = passed(
      fmt::format("a volume of class {} after {} s; {} MiB are the same in a second pod; fsync p99 "
                  "{}.{} ms",
                  name, time, kMegabytes, p99 / 1000, p99 / 100 % 10));
  outcome.figures = {{"bound", "s", time, 5}, {"fsync", "us", p99, 20'000}};
  if (p99 > context.bound("storage.fsync").count() * 1000) {
    outcome.verdict = Verdict::warn;
    outcome.cause = "SlowFsync";
    outcome.advice = "databases will be slow on this class";
  }
  return outcome;
}

} // namespace hello::check
