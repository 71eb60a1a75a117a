#include "kube/client/errors.h"

#include <algorithm>
#include <set>

#include <fmt/core.h>

#include "hello/json.h"
#include "hello/text.h"

namespace hello::kube {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A text by which a trouble is known.
struct Sign {
  std::string_view words;
  Trouble trouble;
};

/// The first one that is found counts: what stands before `unreachable` may quote its signs.
constexpr Sign kSigns[] = {
    {"failed calling webhook", Trouble::webhook_silent},
    {"error: context \"", Trouble::unknown_context},
    {"API group list: the server could not find", Trouble::not_kubernetes},
    {"API group list: invalid character", Trouble::not_kubernetes},
    {"API group list\" err=\"the server could not find", Trouble::not_kubernetes},
    {"API group list\" err=\"invalid character", Trouble::not_kubernetes},
    {"no context exists", Trouble::unknown_context},
    {"is forbidden: User", Trouble::forbidden},
    {"x509:", Trouble::untrusted_certificate},
    {"getting credentials", Trouble::no_credentials},
    {"error reading input for ", Trouble::no_credentials}, // kubectl asks for a password
    {"Unauthorized", Trouble::unauthorized},
    {"must be logged in", Trouble::unauthorized},
    {"the server has asked for the client to provide credentials", Trouble::unauthorized},
    {"error loading config file", Trouble::bad_kubeconfig},
    {"Error in configuration:", Trouble::bad_kubeconfig},
    {"is immutable", Trouble::immutable},
    {"are immutable", Trouble::immutable},
    {"may not change", Trouble::immutable},
    {"may not be changed", Trouble::immutable}, // the value of a PriorityClass
    {"cannot be changed", Trouble::immutable},  // by a rule of a CustomResourceDefinition
    {"cannot be modified", Trouble::immutable},
    {"updates to statefulset spec for fields other than", Trouble::immutable},
    {"cannot change roleRef", Trouble::immutable},
    {"updates to parameters are forbidden", Trouble::immutable},
    {"updates to provisioner are forbidden", Trouble::immutable},
    {"updates to reclaimPolicy are forbidden", Trouble::immutable},
    {"namespaces \"", Trouble::no_namespace},
    {"it is being terminated", Trouble::namespace_ending},
    {"no matches for kind", Trouble::unknown_kind},
    {"connection refused", Trouble::unreachable},
    {"Unable to connect to the server", Trouble::unreachable},
    {"connect: ", Trouble::unreachable},
    {"no such host", Trouble::unreachable},
    {"i/o timeout", Trouble::unreachable},
    {"TLS handshake timeout", Trouble::unreachable},
    {"was refused - did you specify", Trouble::unreachable},
    {"unexpected EOF", Trouble::unreachable},
    {": EOF", Trouble::unreachable},
    {"http2: client connection lost", Trouble::unreachable},
    {"connection reset by peer", Trouble::unreachable},
    {"the server is currently unable", Trouble::unreachable},
    {"etcdserver: ", Trouble::unreachable},
    {"apiserver not ready", Trouble::unreachable},
    {"server is shutting down", Trouble::unreachable},
    {"context deadline exceeded", Trouble::unreachable},
    {"Client.Timeout exceeded", Trouble::unreachable},
    {"Apply failed with ", Trouble::conflict},
    {"(Conflict)", Trouble::stale},
    {"(AlreadyExists)", Trouble::already_exists},
    {"the server could not find the requested resource", Trouble::unknown_kind},
    {"the server doesn't have a resource type", Trouble::unknown_kind},
    {"(NotFound)", Trouble::not_found},
    {"(Forbidden)", Trouble::forbidden},
    {"(TooManyRequests)", Trouble::too_many_requests},
    {"the server has received too many requests", Trouble::too_many_requests},
    {"(BadRequest)", Trouble::invalid},
    {"(RequestEntityTooLarge)", Trouble::invalid},
    {" is invalid: ", Trouble::invalid},
    {"failed to create typed patch object", Trouble::invalid},
};

/// Where kubectl looks for an API server if nothing names one.
bool default_address(std::string_view words) {
  return contains(words, "localhost:8080") || contains(words, "127.0.0.1:8080");
}

/// `words` ends in no line end; `ns` is the namespace that it says is missing.
Trouble trouble_of(std::string_view words, std::string_view ns) {
  if (words == "error: EOF") return Trouble::no_credentials; // it asked for a user name
  Trouble found = words.starts_with("EOF") ? Trouble::unreachable : Trouble::other;
  for (const Sign &sign : kSigns) {
    if (!contains(words, sign.words)) continue;
    if (sign.trouble == Trouble::no_namespace && ns.empty()) continue;
    if (sign.words == "error: context \"" && !contains(words, "does not exist")) continue;
    found = sign.trouble;
    break;
  }
  const bool nowhere = found == Trouble::unreachable && default_address(words);
  return nowhere ? Trouble::no_context : found;
}

/// Another request may be answered: one of the words' signs is of `unreachable`.
bool no_answer(std::string_view words) {
  return words.starts_with("EOF") || // kubectl proxy's own word
         std::any_of(std::begin(kSigns), std::end(kSigns), [&](const Sign &sign) {
           return sign.trouble == Trouble::unreachable && contains(words, sign.words);
         });
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return "";
  const auto from = at + before.size(), to = text.find(after, from);
  return to == std::string_view::npos ? "" : std::string(text.substr(from, to - from));
}

/// `namespaces "shop" not found` → shop
std::string missing_namespace(std::string_view words) {
  std::string ns = between(words, "namespaces \"", "\" not found");
  return contains(ns, "\"") ? "" : ns;
}

/// `User "x" cannot patch resource "ingresses" in API group "networking.k8s.io" in the namespace
/// "hello"` → a rule. Empty where `words` do not come from RBAC.
std::string missing_rule(std::string_view words) {
  if (!contains(words, " cannot ")) return "";
  const std::string verb = between(words, " cannot ", " resource"),
                    resource = between(words, " resource \"", "\"");
  if (verb.empty() || resource.empty()) return "ask the cluster's administrator for this right";
  const std::string ns = between(words, "in the namespace \"", "\"");
  return fmt::format(
      "a {} with this rule gives it: {{apiGroups: [\"{}\"], resources: [{}], verbs: [{}]}}{}",
      ns.empty() ? "ClusterRole" : "Role in namespace " + ns, between(words, "API group \"", "\""),
      resource, verb,
      contains(words, "\n") ? "; hello render --deployer prints all that are needed" : "");
}

/// A line of kubectl's own log without its head: "E1130 07:01:38.480333   17117 memcache.go:265] ".
std::string_view without_head(std::string_view line) {
  const bool logged =
      line.size() > 5 && line[0] == 'E' && line[5] == ' ' && text::is_digits(line.substr(1, 4));
  const auto end = logged ? line.find("] ") : line.npos;
  return end == line.npos ? line : line.substr(end + 2);
}

/// `Apply failed with 1 conflict: conflict with "them" using v1: .data.a`, or a list of fields
/// below each manager.
std::vector<std::vector<Conflict>> conflicts(std::string_view words) {
  std::vector<std::vector<Conflict>> found;
  std::string manager;
  while (!words.empty()) {
    const std::string_view line = text::take(words, '\n');
    if (contains(line, "Apply failed with ")) found.emplace_back();
    if (found.empty()) continue;
    if (contains(line, "conflict") && contains(line, " with \"")) {
      const auto with = line.find(" with \"") + 7;
      manager = line.substr(with, line.find('"', with) - with);
      if (const auto at = line.rfind(": ."); at != std::string_view::npos)
        found.back().push_back({std::string(line.substr(at + 2)), manager});
    } else if (line.starts_with("- .")) {
      found.back().push_back({std::string(line.substr(2)), manager});
    }
  }
  return found;
}

Failure read(std::string_view said) {
  Failure failure;
  failure.words = words_of(said);
  const std::string &words = failure.words;
  failure.by_kubectl = words.starts_with("error:"); // the server: "Error from server"
  failure.ns = missing_namespace(words);
  failure.trouble = trouble_of(words, failure.ns);
  failure.retryable = (no_answer(words) && failure.trouble != Trouble::webhook_silent) ||
                      failure.trouble == Trouble::too_many_requests;
  if (failure.trouble == Trouble::forbidden) failure.rule = missing_rule(words);
  failure.conflicts = conflicts(said);
  return failure;
}

/// What the API server says where it serves no such group, version or resource.
constexpr std::string_view kUnknownPath = "404 page not found";

/// What a Status object's `reason` means, and what a reply without one means by its HTTP status.
/// Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go, StatusReason
struct Meaning {
  std::string_view reason;
  int code;
  Trouble trouble;
};

constexpr Meaning kMeanings[] = {
    {"Unauthorized", 401, Trouble::unauthorized},
    {"Forbidden", 403, Trouble::forbidden},
    {"NotFound", 404, Trouble::not_found},
    {"AlreadyExists", 409, Trouble::already_exists},
    {"Conflict", 409, Trouble::stale},
    {"Invalid", 422, Trouble::invalid},
    {"BadRequest", 400, Trouble::invalid},
    {"RequestEntityTooLarge", 413, Trouble::invalid},
    {"TooManyRequests", 429, Trouble::too_many_requests},
    {"ServiceUnavailable", 503, Trouble::unreachable},
};

const json::Value *cause_of(const json::Value &status, std::string_view reason) {
  for (const json::Value &cause : status.at("details", "causes").items())
    if (cause.text("reason") == reason) return &cause;
  return nullptr;
}

/// Each cause is one field: {"reason":"FieldManagerConflict","message":"conflict with \"them\"
/// using v1","field":".data.a"}.
std::vector<Conflict> conflicts_of(const json::Value &status) {
  std::vector<Conflict> found;
  for (const json::Value &cause : status.at("details", "causes").items())
    if (cause.text("reason") == "FieldManagerConflict")
      found.push_back({cause.text("field"), between(cause.text("message"), "with \"", "\"")});
  return found;
}

/// `failure` has what the message says; the other fields say it better.
void read_status(Failure &failure, const json::Value &status) {
  const std::string reason = status.text("reason"), name = status.text("details", "name");
  for (const Meaning &meaning : kMeanings)
    if (meaning.reason == reason) failure.trouble = meaning.trouble;
  failure.rule.clear();
  switch (failure.trouble) {
  case Trouble::forbidden:
    if (cause_of(status, "NamespaceTerminating"))
      failure.trouble = Trouble::namespace_ending;
    else
      failure.rule = missing_rule(failure.words);
    break;
  case Trouble::not_found:
    if (name.empty()) failure.trouble = Trouble::unknown_kind;
    if (status.text("details", "kind") == "namespaces" && !name.empty()) {
      failure.trouble = Trouble::no_namespace;
      failure.ns = name;
    }
    break;
  case Trouble::stale:
    if (!cause_of(status, "FieldManagerConflict")) break;
    failure.trouble = Trouble::conflict;
    failure.conflicts = {conflicts_of(status)};
    break;
  case Trouble::invalid:
    if (trouble_of(failure.words, "") == Trouble::immutable) failure.trouble = Trouble::immutable;
    break;
  default: break;
  }
}

/// What a reply without a Status object means.
Trouble trouble_of_status(int http_status, std::string_view body) {
  if (http_status == 404) // no object can be missing in a path that the server does not know
    return body.starts_with(kUnknownPath) ? Trouble::unknown_kind : Trouble::not_kubernetes;
  if (http_status == 502 || http_status == 504) return Trouble::unreachable; // a proxy before it
  for (const Meaning &meaning : kMeanings)
    if (meaning.code == http_status) return meaning.trouble;
  const bool page = body.starts_with("<"); // a login, or where to find one
  return page && http_status < 500 ? Trouble::not_kubernetes : Trouble::other;
}

/// The Status object of a reply; null where the body is none.
json::Value status_in(std::string_view body) {
  try {
    if (body.starts_with("{")) return json::parse(body, "reply", {.bytes = 1 << 20});
  } catch (const Error &) { // plain text that begins with a brace
  }
  return {};
}

} // namespace

std::string words_of(std::string_view said) {
  std::string out;
  std::set<std::string_view> seen;
  while (!said.empty()) {
    const std::string_view line = without_head(text::take(said, '\n'));
    if (line.ends_with("proxying request: context canceled")) continue; // by us, at a time limit
    if (seen.insert(line).second) out.append(out.empty() ? "" : "\n").append(line);
  }
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

Failure failure_of(const sys::Finished &finished) {
  Failure failure = read(finished.err);
  if (!finished.timed_out) return failure;
  failure.trouble = Trouble::timed_out;
  failure.retryable = false;
  return failure;
}

Failure failure_of_status(int http_status, std::string_view body) {
  if (http_status == 0) return read("Unable to connect to the server: " + std::string(body));
  const json::Value status = status_in(body);
  const std::string message = status.text("message");
  Failure failure = read(message.empty() ? body : message);
  failure.retryable = http_status >= 500 || http_status == 429;
  const bool is_status = status.text("kind") == "Status";
  if (!status.text("reason").empty())
    read_status(failure, status);
  else if (failure.trouble == Trouble::other)
    failure.trouble = trouble_of_status(http_status, is_status ? kUnknownPath : body);
  return failure;
}

bool is_missing_log(std::string_view log) {
  return log.starts_with("unable to retrieve container logs");
}

} // namespace hello::kube
