#include <fmt/core.h>

#include "check/context.h"
#include "hello/text.h"

namespace hello::check {
namespace {

/// The dry run of a pod: empty if it is accepted, else the refusal.
std::optional<kube::Failure> dry_run(Context &context, json::Value pod) {
  const kube::Object object{kube::id_of(pod), std::move(pod)};
  kube::ApplyOptions how;
  how.manager = kManager;
  how.force = true;
  how.deadline = context.until(std::chrono::seconds(30));
  auto answer = context.cluster.dry_run(std::span(&object, 1), how);
  if (answer) return std::nullopt;
  return answer.failure();
}

/// What a client reads of itself, beside what the pod's security contexts ask for.
void compare_rights(const json::Value &self, const json::Value &spec,
                    std::vector<std::string> &broken, std::vector<std::string> &unasked) {
  const json::Value &container = spec.at("containers").items().at(0).at("securityContext");
  const json::Value &pod = spec.at("securityContext");
  const bool drops = container.at("capabilities").find("drop") != nullptr;
  const bool seccomp = container.find("seccompProfile") || pod.find("seccompProfile");
  struct Right {
    bool asked, held;
    std::string_view what;
  };
  const Right rights[] = {
      {seccomp, self.text("Seccomp") == "2", "a seccomp profile filters system calls"},
      {drops, self.text("CapEff").find_first_not_of('0') == std::string::npos,
       "no capability is in effect"},
      {!container.at("allowPrivilegeEscalation").boolean(true), self.text("NoNewPrivs") == "1",
       "no program can gain privileges"},
      {container.at("readOnlyRootFilesystem").boolean(),
       self.text("root").find("Read-only") != std::string::npos,
       "the root file system is "
       "read-only"},
      {!spec.at("automountServiceAccountToken").boolean(true), !self.at("token").boolean(true),
       "there is no token of a service account"},
  };
  for (const Right &one : rights)
    if (!one.held) (one.asked ? broken : unasked).push_back("not so: " + std::string(one.what));
}

} // namespace

Outcome check_security(Context &context) {
  const Client client{.name = "check-self", .ns = context.a, .args = {"self"}};
  json::Value good = context.client_pod(client), bad = good;
  bad["metadata"]["name"] = json::string("check-privileged");
  json::Value container = bad.at("spec", "containers").items().at(0);
  container["securityContext"] = json::parse(R"({"privileged": true})", "pod");
  json::Value containers = json::array();
  containers.push(std::move(container));
  bad["spec"]["containers"] = std::move(containers);
  const std::string level = [&] {
    const auto ns = context.read({"v1", "Namespace", "", context.a});
    return ns ? ns->text("metadata", "labels", "pod-security.kubernetes.io/enforce") : "";
  }();
  if (level != "restricted" && level != "baseline")
    return inconclusive("NoInstrument", fmt::format("namespace {} does not demand a Pod Security "
                                                    "level",
                                                    context.a));
  const auto before = dry_run(context, good), privileged = dry_run(context, bad),
             after = dry_run(context, good);
  if (before || after)
    return inconclusive("ControlFailed",
                        "the harmless pod is refused too: " + (before ? *before : *after).words);
  if (!privileged)
    return failed("PrivilegedAccepted",
                  fmt::format("a privileged pod is accepted in a namespace that demands {}", level),
                  {}, "the PodSecurity admission plugin is off, or the namespace is exempt");
  if (privileged->trouble != kube::Trouble::forbidden) {
    context.words_of(*privileged);
    return refused(*privileged, "ask for a privileged pod");
  }
  const Heard heard = context.ask(client);
  if (!heard.trouble.empty()) return no_instrument(heard);
  const json::Value *self = heard.of(0, "self");
  if (!self) return no_instrument(heard);
  if (!self->text("tmp").empty())
    return inconclusive("ControlFailed",
                        "the client cannot write to /tmp either: " + self->text("tmp"));
  std::vector<std::string> broken, unasked;
  compare_rights(*self, good.at("spec"), broken, unasked);
  if (!broken.empty())
    return failed("RightsNotKept", "a pod has rights that its security context takes away",
                  std::move(broken), "look at the container runtime and the RuntimeClass");
  Outcome outcome = passed("a privileged pod is refused; ours has no capabilities, a seccomp "
                           "filter and a read-only root");
  if (!unasked.empty()) {
    outcome.verdict = Verdict::warn;
    outcome.cause = "MoreRights";
    outcome.what = "a privileged pod is refused; yours asks for more rights than hello's default";
    outcome.evidence = std::move(unasked);
    outcome.advice = "see securityContext and podSecurityContext in your hello.yaml";
  }
  return outcome;
}

} // namespace hello::check
