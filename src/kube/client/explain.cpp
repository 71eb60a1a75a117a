#include <fmt/core.h>

#include "hello/failure.h"
#include "hello/kube.h"

namespace hello::kube {
namespace {

struct Text {
  std::string why, hint;
};

/// For what has no text of its own.
Text by_origin(const Failure &failure) {
  if (failure.words.empty())
    return {"kubectl failed without an error message",
            "pass -v to see each kubectl call and how it ended"};
  return {failure.by_kubectl ? "kubectl failed" : "the cluster refused", ""};
}

Text no_user(const Access &access) {
  const std::string name = access.context.empty() ? "NAME" : access.context;
  return {access.context.empty()
              ? "kubectl has no user with credentials"
              : fmt::format("context {} has no user, or a user without credentials", name),
          fmt::format("set one: kubectl config set-context {} --user USER; 'kubectl config "
                      "get-users' lists them",
                      name)};
}

/// Where nothing names an API server, or what is named is none.
Text wrong_address(const Failure &failure, const Access &access, const std::string &kubectl) {
  if (failure.trouble == Trouble::not_kubernetes)
    return {"what answers at the cluster's address is no Kubernetes API server",
            access.context.empty()
                ? "run 'kubectl config view --minify' to see the address (localhost:8080 if it "
                  "names none), or pass --context NAME"
                : kubectl + " config view --minify, which shows the address"};
  if (access.context.empty())
    return {"kubectl has no current context",
            "run 'kubectl config use-context NAME', or pass --context NAME"};
  return {"the cluster cannot be reached", kubectl + " cluster-info"}; // as with `unreachable`
}

Text text_of(const Failure &failure, const Access &access) {
  const std::string kubectl =
      "try: kubectl" + (access.context.empty() ? "" : " --context " + access.context);
  switch (failure.trouble) {
  case Trouble::timed_out:
    return {"no answer within the time limit", kubectl + " cluster-info, or a longer --timeout"};
  case Trouble::webhook_silent:
    return {"an admission webhook does not respond",
            kubectl + " get validatingwebhookconfigurations,mutatingwebhookconfigurations"};
  case Trouble::unknown_context:
    return {"kubectl has no such context", "run 'kubectl config get-contexts' to list them"};
  case Trouble::forbidden:
    if (failure.rule.empty()) return by_origin(failure);
    return {"the cluster does not allow it (RBAC)", failure.rule};
  case Trouble::untrusted_certificate:
    return {"the cluster's certificate is not trusted", kubectl + " config view --minify"};
  case Trouble::no_credentials:
    if (failure.words != "error: EOF")
      return {"kubectl has no credentials", kubectl + " auth whoami"};
    return no_user(access); // it asked for a user name
  case Trouble::unauthorized:
    return {"the cluster rejected the credentials", kubectl + " auth whoami"};
  case Trouble::old_kubectl:
    return {"kubectl is too old: hello needs 1.29 or newer",
            "install a newer one (https://kubernetes.io/docs/tasks/tools/), or set "
            "KUBECTL=/path/to/kubectl"};
  case Trouble::bad_kubeconfig:
    return {"kubectl cannot read its configuration",
            "correct it, or set KUBECONFIG to another file"};
  case Trouble::immutable:
    return {"this would change an immutable field",
            "leave it as it is; or the annotation hello/replace: \"true\" lets hello remove the "
            "object and make it anew"};
  case Trouble::no_namespace:
    return {"namespace " + failure.ns + " does not exist",
            "run 'kubectl create namespace " + failure.ns + "', or set namespace.create: true"};
  case Trouble::namespace_ending:
    return {"the namespace is being removed", kubectl + " get namespace " + access.ns + " -o yaml"};
  case Trouble::unknown_kind:
    return {"the cluster does not know this kind", "install its CRD, or leave the object out"};
  case Trouble::not_kubernetes:
  case Trouble::no_context: return wrong_address(failure, access, kubectl);
  case Trouble::unreachable: return {"the cluster cannot be reached", kubectl + " cluster-info"};
  default: return by_origin(failure);
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
