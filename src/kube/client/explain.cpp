#include <fmt/core.h>

#include "hello/failure.h"
#include "hello/kube.h"

namespace hello::kube {
namespace {

struct Text {
  std::string why, hint;
};

/// For what has no text of its own.
std::string by_origin(const Failure &failure) {
  if (failure.words.empty()) return "kubectl failed without an error message";
  return failure.by_kubectl ? "kubectl failed" : "the cluster refused";
}

Text text_of(const Failure &failure, const Access &access) {
  const std::string kubectl =
      "try: kubectl" + (access.context.empty() ? "" : " --context " + access.context);
  switch (failure.trouble) {
  case Trouble::timed_out:
    return {"no answer within the time limit",
            kubectl + " cluster-info; --timeout gives it longer"};
  case Trouble::webhook_silent:
    return {"an admission webhook does not answer",
            kubectl + " get validatingwebhookconfigurations,mutatingwebhookconfigurations"};
  case Trouble::unknown_context:
    return {"kubectl does not know the context", "run 'kubectl config get-contexts' to list them"};
  case Trouble::forbidden:
    if (failure.rule.empty()) return {by_origin(failure), ""};
    return {"the cluster does not allow it (RBAC)", failure.rule};
  case Trouble::untrusted_certificate:
    return {"the cluster's certificate is not trusted", kubectl + " config view --minify"};
  case Trouble::no_credentials: return {"kubectl has no credentials", kubectl + " auth whoami"};
  case Trouble::unauthorized:
    return {"the cluster does not accept these credentials", kubectl + " auth whoami"};
  case Trouble::old_kubectl:
    return {"kubectl is too old: 1.29 is the oldest that hello works with",
            "install a newer one (https://kubernetes.io/docs/tasks/tools/), or name it: "
            "KUBECTL=/path/to/kubectl"};
  case Trouble::bad_kubeconfig: return {"kubectl cannot read its configuration", ""};
  case Trouble::immutable:
    return {"this would change an immutable field",
            "kubectl delete the object, then the same again makes it anew"};
  case Trouble::no_namespace:
    return {"there is no namespace " + failure.ns,
            "kubectl create namespace " + failure.ns + ", or namespace.create: true"};
  case Trouble::namespace_ending:
    return {"the namespace is being removed", kubectl + " get namespace " + access.ns + " -o yaml"};
  case Trouble::unknown_kind:
    return {"the cluster does not know the kind", "install its CRDs, or leave it out of the set"};
  case Trouble::no_context:
    if (access.context.empty())
      return {"kubectl has no current context",
              "choose one: kubectl config use-context NAME, or --context NAME"};
    [[fallthrough]]; // a context was named: it is the address that is wrong
  case Trouble::unreachable: return {"the cluster cannot be reached", kubectl + " cluster-info"};
  default: return {by_origin(failure), ""};
  }
}

} // namespace

Error explain(const Failure &failure, const std::string &doing, const Access &access) {
  Text text = text_of(failure, access);
  return {Exit::cluster,
          fmt::format("cannot {}: {}{}{}", doing, text.why, failure.words.empty() ? "" : "\n",
                      failure.words),
          std::move(text.hint)};
}

} // namespace hello::kube
