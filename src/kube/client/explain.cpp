#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/kube.h"

namespace hello::kube {
namespace {

bool has(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text.find(word) != std::string_view::npos) return true;
  return false;
}

bool no_answer(std::string_view words) {
  return words.starts_with("EOF") || // kubectl proxy's own word
         has(words, {"connection refused", "Unable to connect to the server",
                     "connect: ", "no such host", "i/o timeout", "TLS handshake timeout",
                     "was refused - did you specify", "unexpected EOF", ": EOF",
                     "http2: client connection lost", "connection reset by peer",
                     "the server is currently unable", "etcdserver: ", "apiserver not ready",
                     "server is shutting down", "context deadline exceeded"});
}

/// The API server answered: it could not ask a webhook.
bool no_webhook(std::string_view words) { return has(words, {"failed calling webhook"}); }

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return "";
  const auto from = at + before.size(), to = text.find(after, from);
  return to == std::string_view::npos ? "" : std::string(text.substr(from, to - from));
}

/// `User "x" cannot patch resource "ingresses" in API group "networking.k8s.io" in the namespace
/// "hello"` → a rule.
std::string missing_rule(std::string_view words) {
  const std::string verb = between(words, "cannot ", " resource"),
                    resource = between(words, "resource \"", "\"");
  if (verb.empty() || resource.empty()) return "ask the cluster's administrator for this right";
  const std::string ns = between(words, "in the namespace \"", "\"");
  return fmt::format(
      "a {} with this rule gives it: {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}{}",
      ns.empty() ? "ClusterRole" : "Role in namespace " + ns, between(words, "API group \"", "\""),
      resource, verb,
      words.find('\n') == words.npos ? "" : "; hello render --deployer prints all that are needed");
}

/// Each line once: every object of a set may be refused in the same words.
std::string trimmed(std::string_view text) {
  std::string out;
  std::set<std::string> seen;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (seen.insert(line).second) out += (out.empty() ? "" : "\n") + line;
  }
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

std::string on(const Access &access) {
  return access.context.empty() ? "" : " --context " + access.context;
}

Error name(const std::string &said, const std::string &doing, const Access &access) {
  const std::string words = trimmed(said);
  const auto error = [&](std::string_view why, std::string hint) {
    return Error(Exit::cluster,
                 fmt::format("cannot {}: {}{}{}", doing, why, words.empty() ? "" : "\n", words),
                 std::move(hint));
  };
  if (no_webhook(words))
    return error("an admission webhook does not answer",
                 "try: kubectl" + on(access) +
                     " get validatingwebhookconfigurations,mutatingwebhookconfigurations");
  if (has(words, {"context \"", "no context exists"}) &&
      has(words, {"does not exist", "no context exists"}))
    return error("kubectl does not know the context",
                 "run 'kubectl config get-contexts' to list them");
  if (has(words, {"is forbidden: User", "cannot patch resource", "cannot create resource",
                  "cannot get resource"}))
    return error("the cluster does not allow it (RBAC)", missing_rule(words));
  const std::string kubectl = "try: kubectl" + on(access);
  if (has(words, {"x509:"}))
    return error("the cluster's certificate is not trusted", kubectl + " config view --minify");
  if (has(words, {"getting credentials"}))
    return error("kubectl has no credentials", kubectl + " auth whoami");
  if (has(words, {"Unauthorized", "must be logged in"}))
    return error("the cluster does not accept these credentials", kubectl + " auth whoami");
  if (has(words, {"error loading config file", "Error in configuration:"}))
    return error("kubectl cannot read its configuration", "");
  if (access.context.empty() &&
      has(words, {"localhost:8080", "127.0.0.1:8080"})) // where kubectl has nothing to go by
    return error("kubectl has no current context",
                 "choose one: kubectl config use-context NAME, or --context NAME");
  if (has(words, {"field is immutable", "may not change once set"}))
    return error("this would change an immutable field",
                 "kubectl delete the object, then the same again makes it anew");
  if (const std::string ns = between(words, "namespaces \"", "\" not found");
      !ns.empty() && ns.find('"') == ns.npos)
    return error("there is no namespace " + ns,
                 "kubectl create namespace " + ns + ", or namespace.create: true");
  if (has(words, {"it is being terminated"}))
    return error("the namespace is being removed",
                 kubectl + " get namespace " + access.ns + " -o yaml");
  if (has(words, {"no matches for kind"}))
    return error("the cluster does not know the kind",
                 "install its CRDs, or leave it out of the set");
  if (no_answer(words)) return error("the cluster cannot be reached", kubectl + " cluster-info");
  return error(words.empty() ? "kubectl failed without an error message"
               : words.starts_with("error:")
                   ? "kubectl failed" // what the server says, begins "Error from server"
                   : "the cluster refused",
               "");
}

} // namespace

bool unreachable(const sys::Finished &finished) {
  return finished.code != 0 && no_answer(finished.err) && !no_webhook(finished.err);
}

Error explain(const sys::Finished &finished, const std::string &doing, const Access &access) {
  if (finished.timed_out)
    return {Exit::cluster,
            fmt::format("cannot {}: no answer within the time limit{}{}", doing,
                        finished.err.empty() ? "" : "\n", trimmed(finished.err)),
            "try: kubectl" + on(access) + " cluster-info; --timeout gives it longer"};
  return name(finished.err, doing, access);
}

Error explain(const Reply &reply, const std::string &doing, const Access &access) {
  std::string words = reply.body;
  if (words.starts_with("{")) {
    try {
      words = parse(words, "answer")["message"].as<std::string>(words);
    } catch (const std::exception &) { // not a Status: its bytes are the words
    }
  }
  if (reply.status == 0) words = "Unable to connect to the server: " + words;
  return name(words, doing, access);
}

} // namespace hello::kube
