#include <fstream>
#include <map>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "hello/kube.h"
#include "kube/client/errors.h"
#include "support/fixtures.h"

using namespace hello;
using kube::Trouble;

namespace {

kube::Failure said(const std::string &words) {
  return kube::failure_of(sys::Finished{1, false, "", words});
}

std::string status(int code, const std::string &reason, const std::string &message,
                   const std::string &details) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"(","reason":")" + reason + R"(","details":{)" + details + R"(},"code":)" +
         std::to_string(code) + "}";
}

struct Recording {
  std::string name, words; ///< "forbidden.apply"
  int exit = 0, http = 0;  ///< the one or the other

  kube::Failure failure() const {
    return http ? kube::failure_of_status(http, words)
                : kube::failure_of(sys::Finished{exit, false, "", words});
  }
};

/// "=== NAME: exit 1", the command, what was said; tests/fixtures/kubectl/record writes them.
std::vector<Recording> recordings(const std::string &version) {
  std::ifstream in(test::fixture_path("kubectl/" + version));
  std::vector<Recording> all;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("=== ")) {
      all.back().words += line + "\n";
      continue;
    }
    const auto colon = line.find(": ");
    Recording one{line.substr(4, colon - 4), "", 0, 0};
    const bool http = line.compare(colon + 2, 5, "HTTP ") == 0;
    (http ? one.http : one.exit) = std::stoi(line.substr(colon + 7));
    all.push_back(one);
    std::getline(in, line); // the command
  }
  for (Recording &one : all)
    while (one.words.ends_with("\n\n")) one.words.pop_back();
  return all;
}

Recording recording(const std::string &name) {
  for (const Recording &one : recordings("v1.37.2"))
    if (one.name == name) return one;
  FAIL("no recording ", name);
  return {};
}

/// What each recording shows: by its whole name, or by the part before the verb.
const std::map<std::string, Trouble> kShows{
    {"already-exists", Trouble::already_exists},
    {"bad-kubeconfig", Trouble::bad_kubeconfig},
    {"closed-connection", Trouble::unreachable},
    {"credential-plugin-absent", Trouble::no_credentials},
    {"credential-plugin-fails", Trouble::no_credentials},
    {"etcd-timeout.apply", Trouble::other}, // kubectl drops the reason
    {"etcd-timeout.create", Trouble::unreachable},
    {"field-conflict", Trouble::conflict},
    {"field-conflicts", Trouble::conflict},
    {"forbidden", Trouble::forbidden},
    {"forbidden-cluster-wide", Trouble::forbidden},
    {"forbidden-path", Trouble::forbidden},
    {"forbidden-several", Trouble::forbidden},
    {"future-version", Trouble::other},
    {"gateway-timeout", Trouble::other},
    {"http-instead-of-https", Trouble::unreachable},
    {"immutable-address", Trouble::immutable},
    {"immutable-map", Trouble::immutable},
    {"immutable-revision", Trouble::immutable},
    {"immutable-selector", Trouble::immutable},
    {"invalid", Trouble::invalid},
    {"kubeconfig-without-cluster", Trouble::no_context},
    {"namespace-not-found", Trouble::no_namespace},
    {"namespace-not-found-for-object", Trouble::no_namespace},
    {"namespace-terminating", Trouble::namespace_ending},
    {"no-api-page", Trouble::not_kubernetes},
    {"no-api-problem", Trouble::not_kubernetes},
    {"no-credentials", Trouble::no_credentials},
    {"no-current-context", Trouble::no_context},
    {"no-current-context.config", Trouble::other}, // its exit code says all
    {"no-pods", Trouble::other},
    {"not-ready", Trouble::unreachable},
    {"not-yaml", Trouble::other},
    {"object-not-found", Trouble::not_found},
    {"pod-security", Trouble::forbidden},
    {"policy-denies", Trouble::invalid},
    {"precondition-uid", Trouble::stale},
    {"precondition-version", Trouble::stale},
    {"quota", Trouble::forbidden},
    {"request-timeout", Trouble::unreachable},
    {"reset-connection", Trouble::unreachable},
    {"service-unavailable", Trouble::unreachable},
    {"several", Trouble::immutable},
    {"shutting-down", Trouble::unreachable},
    {"stale-version", Trouble::stale},
    {"tls-handshake-timeout", Trouble::unreachable},
    {"too-large", Trouble::invalid},
    {"too-many-requests", Trouble::too_many_requests},
    {"unauthorized", Trouble::unauthorized},
    {"unknown-context", Trouble::unknown_context},
    {"unknown-field", Trouble::invalid},
    {"unknown-flag", Trouble::other},
    {"unknown-group", Trouble::unknown_kind},
    {"unknown-kind", Trouble::unknown_kind},
    {"unknown-resource", Trouble::unknown_kind},
    {"unreachable-network", Trouble::unreachable},
    {"unreachable-no-dns", Trouble::unreachable},
    {"unreachable-no-route", Trouble::unreachable},
    {"unreachable-refused", Trouble::unreachable},
    {"webhook-away", Trouble::webhook_silent},
    {"wrong-type", Trouble::invalid},
    {"x509-other-name", Trouble::untrusted_certificate},
    {"x509-unknown-authority", Trouble::untrusted_certificate},
};

} // namespace

TEST_CASE("errors: what kubectl logs at each attempt is shown once, without the log's own head") {
  const std::string line = R"("Unhandled Error" err="connection refused")",
                    head = "E1130 07:01:38.480333   17117 memcache.go:265] ";
  CHECK(said(head + line + "\nE1130 07:01:39.1   17117 memcache.go:265] " + line + "\n" + head +
             "other")
            .words == line + "\nother");
  CHECK(said("E1 [a] b\nE2 [a] b").words == "E1 [a] b\nE2 [a] b");
  CHECK(said(head + "Error while proxying request: context canceled\n" + line).words == line);
}

TEST_CASE("kube errors: each recording of kubectl 1.29 and of the newest shows its trouble") {
  for (const char *version : {"v1.29.6", "v1.37.2"}) {
    std::set<std::string> used;
    for (const Recording &one : recordings(version)) {
      CAPTURE(version);
      CAPTURE(one.name);
      CAPTURE(one.words);
      auto row = kShows.find(one.name);
      if (row == kShows.end()) row = kShows.find(one.name.substr(0, one.name.rfind('.')));
      REQUIRE(row != kShows.end());
      used.insert(row->first);
      CHECK(static_cast<int>(one.failure().trouble) == static_cast<int>(row->second));
    }
    CHECK(used.size() == kShows.size());
  }
}

TEST_CASE("kube errors: recorded failures keep the namespace, the rule and the fields") {
  CHECK(recording("several.apply").failure().ns == "record-gone");
  CHECK(recording("namespace-not-found.http").failure().ns == "record-gone");
  CHECK(recording("forbidden.http").failure().rule ==
        "a Role in namespace record with this rule gives it: {apiGroups: [\"\"], resources: "
        "[pods], verbs: [list]}");
  CHECK(recording("forbidden-cluster-wide.http").failure().rule ==
        "a ClusterRole with this rule gives it: {apiGroups: [\"\"], resources: [nodes], verbs: "
        "[list]}");
  CHECK(recording("forbidden-several.apply")
            .failure()
            .rule.ends_with("; hello render --deployer prints all that are needed"));
  CHECK(recording("quota.apply").failure().rule.empty()); // no role gives more quota
  CHECK(recording("quota.http").failure().rule.empty());
  for (const char *name : {"field-conflicts.apply", "field-conflicts.http"}) {
    const auto conflicts = recording(name).failure().conflicts;
    REQUIRE(conflicts.size() == 1);
    REQUIRE(conflicts[0].size() == 2);
    CHECK(conflicts[0][0].path == ".data.MESSAGES");
    CHECK(conflicts[0][1].path == ".data.OTHER");
    CHECK(conflicts[0][0].manager == "them");
    CHECK(conflicts[0][1].manager == "them");
  }
}

TEST_CASE("kube errors: what may succeed at the next attempt") {
  for (const char *name :
       {"unreachable-refused.apply", "unreachable-refused.create", "not-ready.create",
        "etcd-timeout.create", "closed-connection.create", "request-timeout.apply",
        "service-unavailable.apply", "tls-handshake-timeout.create", "unreachable-refused.http"})
    CHECK_MESSAGE(recording(name).failure().retryable, name);
  for (const char *name : {"webhook-away.apply", "forbidden.apply", "namespace-not-found.apply",
                           "field-conflict.apply", "invalid.apply", "unknown-context.apply",
                           "unauthorized.create", "stale-version.patch", "forbidden.http"})
    CHECK_MESSAGE(!recording(name).failure().retryable, name);
}

TEST_CASE("kube errors: of several objects' errors the most important one counts") {
  const std::string missing = "Error from server (NotFound): namespaces \"shop\" not found\n",
                    immutable = "Error from server (Invalid): Deployment.apps \"one\" is invalid: "
                                "spec.selector: Invalid value: {}: field is immutable\n",
                    forbidden = "Error from server (Forbidden): pods is forbidden: User \"ci\" "
                                "cannot list resource \"pods\" in API group \"\"\n",
                    away = "Unable to connect to the server: EOF\n",
                    taken = "error: Apply failed with 1 conflict: conflict with \"c\": .spec.a\n";
  CHECK(said(missing + immutable).trouble == Trouble::immutable);
  CHECK(said(missing + immutable).ns == "shop"); // whatever the trouble
  CHECK(said(missing + away).trouble == Trouble::no_namespace);
  CHECK(said(missing + away).retryable);
  CHECK_FALSE(said(missing).retryable);
  CHECK(said(taken + missing).trouble == Trouble::no_namespace);
  CHECK(said(taken + missing).conflicts.size() == 1);
  CHECK(said(immutable + forbidden).trouble == Trouble::forbidden);
  CHECK(said(missing + missing + missing).words + "\n" == missing);
}

TEST_CASE("kube errors: kubectl's own failures are distinguished from the API server's") {
  const auto why = [](const std::string &words) -> std::string {
    return kube::explain(said(words), "ask", {"lab", "shop"}).what();
  };
  CHECK(why("error: unknown flag: --bogus") ==
        "cannot ask: kubectl failed\nerror: unknown flag: --bogus");
  CHECK(why("Error from server: no") == "cannot ask: the cluster refused\nError from server: no");
  CHECK(why("") == "cannot ask: kubectl failed without an error message");
}

TEST_CASE("kube errors: a refused default address means that there is no context") {
  const kube::Failure failure =
      said("The connection to the server localhost:8080 was refused - did you specify the right "
           "host or port?");
  CHECK(failure.trouble == Trouble::no_context);
  CHECK(failure.retryable);
  CHECK(std::string(kube::explain(failure, "ask", {"", "shop"}).what())
            .starts_with("cannot ask: kubectl has no current context\n"));
  CHECK(std::string(kube::explain(failure, "ask", {"lab", "shop"}).what())
            .starts_with("cannot ask: the cluster cannot be reached\n"));
}

TEST_CASE("kube errors: what answers at the address may be no API server") {
  const auto trouble = [](int status, const char *body) {
    const kube::Failure failure = kube::failure_of_status(status, body);
    CHECK_FALSE(failure.absent());
    CHECK(failure.retryable == (status >= 500));
    return failure.trouble;
  };
  CHECK(trouble(404, "{\"title\":\"Not Found\",\"status\":404}") == Trouble::not_kubernetes);
  CHECK(trouble(404, "") == Trouble::not_kubernetes);
  CHECK(trouble(302, "<a href=\"/login\">Found</a>.") == Trouble::not_kubernetes);
  CHECK(trouble(403, "<html>denied</html>") == Trouble::forbidden);
  CHECK(trouble(401, "no token") == Trouble::unauthorized);
  CHECK(trouble(502, "<html>bad gateway</html>") == Trouble::unreachable);
  CHECK(trouble(504, "<html>timeout</html>") == Trouble::unreachable);
  for (const char *ours : {"404 page not found\n", R"({"kind":"Status","code":404})"})
    CHECK(kube::failure_of_status(404, ours).trouble == Trouble::unknown_kind);
  const kube::Failure other = kube::failure_of_status(404, "nothing here");
  const std::string by_default = kube::explain(other, "ask", {"", "shop"}).what(),
                    in_context = kube::explain(other, "ask", {"lab", "shop"}).what();
  CHECK(by_default == "cannot ask: what answers at the cluster's address is no Kubernetes API "
                      "server\nnothing here");
  CHECK(in_context == by_default);
}

TEST_CASE("kube errors: at the time limit its words do not matter") {
  const kube::Failure failure =
      kube::failure_of(sys::Finished{137, true, "", "Unable to connect to the server: EOF\n"});
  CHECK(failure.trouble == Trouble::timed_out);
  CHECK_FALSE(failure.retryable);
  const Error error = kube::explain(failure, "ask", {"lab", "shop"});
  CHECK(error.what() == std::string("cannot ask: no answer within the time limit\n"
                                    "Unable to connect to the server: EOF"));
  CHECK(error.hint() == "try: kubectl --context lab cluster-info, or a longer --timeout");
}

TEST_CASE("kube errors: a Status is read by its fields, not by its message") {
  const struct {
    int code;
    const char *reason, *message, *details;
    Trouble trouble;
  } cases[] = {
      {401, "Unauthorized", "x", "", Trouble::unauthorized},
      {403, "Forbidden", "x", "", Trouble::forbidden},
      {403, "Forbidden", "x", R"("causes":[{"reason":"NamespaceTerminating"}])",
       Trouble::namespace_ending},
      {404, "NotFound", "x", R"("name":"one","kind":"configmaps")", Trouble::not_found},
      {404, "NotFound", "x", R"("name":"shop","kind":"namespaces")", Trouble::no_namespace},
      {404, "NotFound", "x", "", Trouble::unknown_kind},
      {409, "AlreadyExists", "x", "", Trouble::already_exists},
      {409, "Conflict", "x", "", Trouble::stale},
      {409, "Conflict", "x", R"("causes":[{"reason":"FieldManagerConflict"}])", Trouble::conflict},
      {422, "Invalid", "x", "", Trouble::invalid},
      {422, "Invalid", "x: field is immutable", "", Trouble::immutable},
      {422, "Invalid", "value: Forbidden: may not be changed in an update.", "",
       Trouble::immutable},
      {422, "Invalid", "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.", "",
       Trouble::immutable},
      {422, "Invalid", "Gizmo g is invalid: spec: size cannot be changed", "", Trouble::immutable},
      {413, "RequestEntityTooLarge", "x", "", Trouble::invalid},
      {429, "TooManyRequests", "x", "", Trouble::too_many_requests},
      {500, "InternalError", "x", "", Trouble::other},
      {500, "InternalError", "failed calling webhook", "", Trouble::webhook_silent},
      {500, "InternalError", "etcdserver: request timed out", "", Trouble::unreachable},
      {503, "ServiceUnavailable", "x", "", Trouble::unreachable},
  };
  for (const auto &one : cases) {
    CAPTURE(one.reason);
    CAPTURE(one.details);
    const kube::Failure failure =
        kube::failure_of_status(one.code, status(one.code, one.reason, one.message, one.details));
    CHECK(failure.trouble == one.trouble);
    CHECK(failure.words == one.message);
    CHECK(failure.retryable == (one.code >= 500 || one.code == 429));
  }
}

TEST_CASE("kube errors: a Status lists the fields that other managers hold") {
  const kube::Failure failure = kube::failure_of_status(
      409, status(409, "Conflict", "Apply failed with 2 conflicts",
                  R"("causes":[{"reason":"FieldManagerConflict",)"
                  R"("message":"conflict with \"a\" using v1","field":".data.x"},)"
                  R"({"reason":"FieldManagerConflict",)"
                  R"("message":"conflict with \"b\"","field":".data.y"}])"));
  REQUIRE(failure.conflicts.size() == 1);
  REQUIRE(failure.conflicts[0].size() == 2);
  CHECK(failure.conflicts[0][0].path == ".data.x");
  CHECK(failure.conflicts[0][0].manager == "a");
  CHECK(failure.conflicts[0][1].path == ".data.y");
  CHECK(failure.conflicts[0][1].manager == "b");
}

TEST_CASE("kube errors: a reply that is no Status is read by its words, then by its HTTP status") {
  const struct {
    int status;
    const char *body;
    Trouble trouble;
  } cases[] = {
      {0, "connection refused", Trouble::unreachable},
      {500, "dial tcp 127.0.0.1:1: connect: connection refused", Trouble::unreachable},
      {500, "x509: certificate signed by unknown authority", Trouble::untrusted_certificate},
      {500, "getting credentials: exec: executable no-such-plugin not found",
       Trouble::no_credentials},
      {401, "Unauthorized", Trouble::unauthorized},
      {403, "<h3>Unknown</h3>", Trouble::forbidden},
      {404, "404 page not found", Trouble::unknown_kind},
      {503, "service unavailable", Trouble::unreachable},
      {200, "{\"no\":", Trouble::other},
  };
  for (const auto &one : cases) {
    CAPTURE(one.body);
    CHECK(kube::failure_of_status(one.status, one.body).trouble == one.trouble);
  }
  CHECK(kube::failure_of_status(0, "silence").words == "Unable to connect to the server: silence");
}

TEST_CASE("kube errors: texts that no recording has") {
  const struct {
    const char *words;
    Trouble trouble;
  } cases[] = {
      {"error: no context exists with the name: \"prod\"", Trouble::unknown_context},
      {"error: You must be logged in to the server (no token)", Trouble::unauthorized},
      {"error: unable to upgrade connection: Unauthorized", Trouble::unauthorized},
      {"Error from server (BadRequest): no", Trouble::invalid},
      {"connection refused", Trouble::unreachable},
      {"dial tcp: lookup api.example on 192.0.2.53:53: no such host", Trouble::unreachable},
      {"dial tcp 192.0.2.1:6443: i/o timeout", Trouble::unreachable},
      {"net/http: TLS handshake timeout", Trouble::unreachable},
      {"unexpected EOF", Trouble::unreachable},
      {"EOF", Trouble::unreachable},
      {"http2: client connection lost", Trouble::unreachable},
      {"read tcp 192.0.2.2:40000->192.0.2.1:6443: connection reset by peer", Trouble::unreachable},
      {"Get \"https://api.example/api\": context deadline exceeded", Trouble::unreachable},
      {"the server has exceeded a limit", Trouble::other},
  };
  for (const auto &one : cases) {
    CAPTURE(one.words);
    CHECK(said(one.words).trouble == one.trouble);
    CHECK(said(one.words).retryable == (one.trouble == Trouble::unreachable));
  }
}

TEST_CASE("kube errors: what is absent: the object, its namespace, or its kind") {
  const kube::Failure object = said("Error from server (NotFound): configmaps \"one\" not found"),
                      quoted = said("Error from server: namespaces \"shop\" is in the way\n"
                                    "Error from server (NotFound): configmaps \"one\" not found");
  CHECK(object.absent());
  CHECK(object.ns.empty());
  CHECK(quoted.trouble == Trouble::not_found);
  CHECK(quoted.ns.empty());
  CHECK(said("Error from server (NotFound): namespaces \"shop\" not found").absent());
  CHECK(said("Error from server (NotFound): the server could not find the requested resource")
            .absent());
  CHECK_FALSE(said("Error from server (Conflict): Operation cannot be fulfilled").absent());
}

TEST_CASE("kube errors: conflicts are read from the API server's words, one manager or several") {
  const auto conflicts = [](const char *words) { return said(words).conflicts; };
  const auto one =
      conflicts("error: Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1 "
                "at 2026-11-23T04:00:00Z: .spec.replicas\nPlease review");
  REQUIRE(one.size() == 1);
  REQUIRE(one[0].size() == 1);
  CHECK(one[0][0].path == ".spec.replicas");
  CHECK(one[0][0].manager == "kubectl-edit");
  const auto two =
      conflicts("error: Apply failed with 3 conflicts: conflicts with \"a\" using v1:\n- "
                ".data.MESSAGES\n- .metadata.labels.x\n"
                "conflicts with \"b\" with subresource \"scale\" using apps/v1:\n- "
                ".spec.replicas\nPlease review the fields "
                "above\n"
                "error: Apply failed with 1 conflict: conflict with \"c\": .spec.rules\n");
  REQUIRE(two.size() == 2);
  REQUIRE(two[0].size() == 3);
  CHECK(two[0][1].manager == "a");
  CHECK(two[0][2].manager == "b");
  CHECK(two[1][0].manager == "c");
}

TEST_CASE("kube errors: kubectl's failures get a reason, a next step, and keep their words") {
  const kube::Access lab{"lab", "n"};
  const auto say = [&](const char *words) {
    return kube::explain(kube::failure_of({1, false, "", words}), "apply the manifests", lab);
  };
  const Error unknown = say("error: context \"prod\" does not exist\n");
  CHECK(std::string(unknown.what()) == "cannot apply the manifests: kubectl has no such "
                                       "context\nerror: context \"prod\" does not exist");
  CHECK(unknown.code() == Exit::cluster);
  const Error forbidden =
      say("Error from server (Forbidden): ingresses.networking.k8s.io \"hello\" is forbidden: User "
          "\"ci\" cannot patch resource \"ingresses\" in API group "
          "\"networking.k8s.io\" in the namespace \"hello\"");
  CHECK(forbidden.hint() ==
        "a Role in namespace hello with this rule gives it: {apiGroups: [\"networking.k8s.io\"], "
        "resources: [ingresses], verbs: [patch]}");
  const Error away = say("The connection to the server 198.18.0.1:6443 was refused - did you "
                         "specify the right host or port?");
  CHECK(std::string(away.what()).find("cannot be reached") != std::string::npos);
  CHECK(away.hint() == "try: kubectl --context lab cluster-info");
  CHECK(std::string(say("Error from server (BadRequest): unknown field \"spec.x\"").what())
            .find("the cluster refused") != std::string::npos);
}

TEST_CASE("kube errors: what looks alike in kubectl's words has its own reason") {
  const auto say = [](const char *words, const char *context = "lab") {
    return kube::explain(kube::failure_of({1, false, "", words}), "ask", {context, "shop"});
  };
  struct {
    const char *words, *why, *hint;
  } const cases[] = {
      {"Error from server (InternalError): Internal error occurred: failed calling webhook "
       "\"away.test\": failed to "
       "call "
       "webhook: Post \"https://127.0.0.1:1/?timeout=5s\": context deadline exceeded",
       "an admission webhook does not respond", "validatingwebhookconfigurations"},
      {"Unable to connect to the server: tls: failed to verify certificate: x509: certificate "
       "signed by unknown "
       "authority",
       "the cluster's certificate is not trusted", "config view --minify"},
      {"error: You must be logged in to the server (Unauthorized)",
       "the cluster rejected the credentials", "auth whoami"},
      {"Unable to connect to the server: getting credentials: exec: executable no-such-plugin not "
       "found",
       "kubectl has no credentials", "auth whoami"},
      {"error: error loading config file \"/root/.kube/config\": yaml: line 1: did not find "
       "expected ',' or ']'",
       "kubectl cannot read its configuration", "set KUBECONFIG to another file"},
      {"EOF", "the cluster cannot be reached", "cluster-info"},
      {"error: EOF", "context lab has no user, or a user without credentials",
       "kubectl config set-context lab --user USER"},
      {"error: error reading input for Password", "kubectl has no credentials", "auth whoami"},
      {"Error in configuration: \n* unable to read client-cert /c.crt for a due to open /c.crt: no "
       "such file or "
       "directory",
       "kubectl cannot read its configuration", "set KUBECONFIG to another file"},
      {"error: unknown flag: --unix-socket", "kubectl failed", ""},
      {"Error from server (NotFound): namespaces \"shop\" not found",
       "namespace shop does not exist",
       "run 'kubectl create namespace shop', or set namespace.create: true"},
      {"Error from server (Forbidden): services \"hello\" is forbidden: unable to create new "
       "content in namespace shop "
       "because it is being terminated",
       "the namespace is being removed", "get namespace shop -o yaml"},
      {"error: resource mapping not found for name: \"hello\" namespace: \"shop\" from \"STDIN\": "
       "no matches for kind "
       "\"PodMonitor\" in version \"monitoring.coreos.com/v1\"\nensure CRDs are installed first",
       "the cluster does not know this kind", "CRD"},
      {"The Service \"hello\" is invalid: spec.clusterIPs[0]: Invalid value: [\"198.19.1.1\"]: may "
       "not change once set",
       "this would change an immutable field", "hello/replace"},
  };
  for (const auto &one : cases) {
    const Error error = say(one.words);
    CAPTURE(one.words);
    CHECK(error.what() == std::string("cannot ask: ") + one.why + "\n" + one.words);
    CHECK(error.hint().find(one.hint) != std::string::npos);
  }
  CHECK(std::string(say("dial tcp 127.0.0.1:8080: connect: connection refused", "").what())
            .find("kubectl has no current context") != std::string::npos);
  const sys::Finished webhook{1, false, "", cases[0].words},
      away{1, false, "", "connect: connection refused"};
  CHECK_FALSE(kube::failure_of(webhook).retryable); // the same again would fail the same way
  CHECK(kube::failure_of(away).retryable);
}

TEST_CASE("kube errors: what kubectl says of each object in the same words appears once") {
  const std::string words = "Error from server (NotFound): namespaces \"shop\" not found\n";
  const Error error = kube::explain(kube::failure_of({1, false, "", words + words + words}), "ask",
                                    {"lab", "shop"});
  CHECK(error.what() ==
        "cannot ask: namespace shop does not exist\n" + words.substr(0, words.size() - 1));
}

TEST_CASE("errors: an API server that is too busy is asked again") {
  CHECK(kube::failure_of_status(429,
                                R"({"kind":"Status","reason":"TooManyRequests","message":"busy"})")
            .retryable);
  kube::Failure busy = kube::failure_of(
      {1, false, "",
       "Error from server (TooManyRequests): the server has received too many requests"});
  CHECK(busy.retryable);
}
