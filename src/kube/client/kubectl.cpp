#include "kube/client/kubectl.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/core.h>
#include <unistd.h>

#include "hello/text.h"
#include "kube/client/answers.h"
#include "kube/client/errors.h"
#include "kube/client/paths.h"

namespace hello::kube {
namespace {

std::string find_kubectl() {
  const char *named = std::getenv("KUBECTL");
  const std::string name = named && *named ? named : "kubectl";
  std::string path = sys::find_program(name);
  if (path.empty() && name.find('/') != name.npos && ::access((name + "/").c_str(), F_OK) == 0)
    throw Error(Exit::failure,
                fmt::format("cannot run kubectl: {} (from KUBECTL) is a directory", name),
                "set KUBECTL to the program itself");
  if (path.empty() && name.find('/') != name.npos && ::access(name.c_str(), F_OK) == 0)
    throw Error(Exit::failure,
                fmt::format("cannot run kubectl: {} (from KUBECTL) is not executable", name),
                fmt::format("run 'chmod +x {}', or set KUBECTL to another program", name));
  if (path.empty())
    throw Error(Exit::failure,
                named && *named ? fmt::format("cannot find kubectl: KUBECTL is {}", name)
                                : "cannot find kubectl in PATH",
                "install it (https://kubernetes.io/docs/tasks/tools/), or set "
                "KUBECTL=/path/to/kubectl");
  return path;
}

/// Flags whose values are secret, or may hold what the user has written.
constexpr std::string_view kMasked[] = {"--token",    "--password",          "--patch",
                                        "--username", "--client-key",        "--as-uid",
                                        "--as",       "--client-certificate"};

/// The command as a line, without what must not be shown: "kubectl --context=lab apply -f=-".
std::string shown(const std::vector<std::string> &command) {
  std::string line = "kubectl";
  bool masks_next = false;
  for (std::size_t i = 1; i < command.size(); ++i) {
    const std::string &word = command[i];
    const std::string name = word.substr(0, word.find('='));
    const bool secret =
        std::find(std::begin(kMasked), std::end(kMasked), name) != std::end(kMasked);
    line += " ";
    if (masks_next)
      line += "***";
    else
      line += secret && name.size() < word.size() ? name + "=***" : word;
    masks_next = secret && name == word;
  }
  return line;
}

void trace_call(const Trace &trace, const std::vector<std::string> &command, std::string_view input,
                std::optional<sys::Deadline> since) {
  if (!trace) return;
  std::string line = shown(command);
  if (!input.empty()) line += fmt::format(" <({} bytes)", input.size());
  if (since) {
    const auto time = sys::Clock::now() - *since;
    line +=
        fmt::format("  {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  }
  trace(line);
}

/// Runs kubectl to its end, `started` if it is there, and tells `trace` about it.
sys::Finished call(const Trace &trace, const std::vector<std::string> &command,
                   std::string_view input, sys::Deadline deadline, sys::Child *started = nullptr) {
  const auto start = sys::Clock::now();
  sys::Finished finished =
      started ? sys::finish(*started, input, deadline) : sys::run(command, input, deadline);
  trace_call(trace, command, input, start);
  return finished;
}

/// Waits where the API server is too busy (429) and the call may be repeated before `deadline`:
/// kubectl itself waits as Retry-After says, but gives up after ten times.
bool may_repeat(const Failure &failure, sys::Deadline deadline) {
  constexpr std::chrono::seconds kPause{1};
  if (failure.trouble != Trouble::too_many_requests || sys::Clock::now() + kPause >= deadline)
    return false;
  sys::pause(kPause);
  return true;
}

class PortForward final : public Forward {
public:
  explicit PortForward(const std::vector<std::string> &command) : child_(command) {}

  Result<std::string> address(sys::Deadline deadline) override {
    std::string out, err; // "Forwarding from 127.0.0.1:40123 -> 8080"
    for (bool open = true; open && out.find('\n') == std::string::npos;) {
      const int fds[] = {child_.out(), child_.err()};
      if (!sys::wait_readable(fds, deadline)) break;
      const bool err_open = sys::drain(child_.err(), err);
      open = sys::drain(child_.out(), out) || err_open;
    }
    const auto from = out.find("127.0.0.1:"), to = out.find(' ', from);
    if (from != std::string::npos) return out.substr(from, to - from);
    return failure_of({1, err.empty(), {}, std::move(err)});
  }

  bool is_open() override {
    std::string lines;
    sys::drain(child_.out(), lines);
    sys::drain(child_.err(), lines);
    return !child_.ended();
  }

private:
  sys::Child child_;
};

/// One JSON object a line, in order: kubectl goes on with the next where one is refused.
std::string lines_of(std::span<const Object> set) {
  std::string out;
  for (const Object &object : set) out += json::to_text(object.value) + "\n";
  return out;
}

constexpr const char *kJson = "application/json";

std::string flag(std::string_view name, std::string_view value) {
  return fmt::format("{}={}", name, value);
}

/// Not validated by kubectl, which downloads the cluster's schema for that: the server refuses
/// unknown fields and wrong types of a server-side apply by itself. Source: kubernetes.io,
/// "Server-Side Apply"; structured-merge-diff, "field not declared in schema"
std::vector<std::string> server_side_arguments(const ApplyOptions &options,
                                               const std::vector<std::string> &more) {
  std::vector<std::string> args = {"apply",
                                   "--server-side",
                                   flag("--field-manager", options.manager),
                                   "--validate=ignore",
                                   "-f=-",
                                   "-o=json",
                                   "--show-managed-fields"};
  args.insert(args.end(), more.begin(), more.end());
  if (options.force) args.push_back("--force-conflicts");
  // the user's choice comes last: of two equal flags kubectl takes the last
  args.insert(args.end(), options.extra.begin(), options.extra.end());
  return args;
}

} // namespace

Kubectl::Kubectl(Access access)
    : access_(std::move(access)), program_(find_kubectl()), proxy_(command(), access_) {}

std::vector<std::string> Kubectl::command(const std::vector<std::string> &args) const {
  std::vector<std::string> words{program_};
  if (!access_.context.empty()) words.push_back("--context=" + access_.context);
  words.insert(words.end(), args.begin(), args.end());
  return words;
}

Failure blame_age(Failure failure, const std::string &program, const Trace &trace) {
  if (!failure.by_kubectl || failure.words.find("unknown ") == std::string::npos) return failure;
  const sys::Finished version = call(trace, {program, "version", "--client", "-o=json"}, "",
                                     sys::Clock::now() + std::chrono::seconds(20));
  const std::string old = too_old(version.out);
  if (old.empty()) return failure;
  failure.trouble = Trouble::old_kubectl;
  failure.words = fmt::format("{}\n{} is kubectl {}", failure.words, program, old);
  return failure;
}

Failure Kubectl::failed(const sys::Finished &finished) const {
  return blame_age(failure_of(finished), program_, access_.trace);
}

Result<sys::Finished> Kubectl::run(const std::vector<std::string> &args, std::string_view input,
                                   sys::Deadline deadline) {
  const std::vector<std::string> words = command(args);
  const sys::Deadline limit = proxy_.limit(),
                      last = limit == sys::Deadline::max() ? deadline : limit;
  for (const auto time = deadline - sys::Clock::now();;) { // for each attempt
    const sys::Deadline end = std::min(limit, sys::Clock::now() + time);
    std::unique_ptr<Ahead> ahead;
    if (ahead_ && ahead_->words == words) ahead = std::move(ahead_);
    sys::Finished finished =
        call(access_.trace, words, input, end, ahead ? &ahead->child : nullptr);
    if (finished.code == 0) return finished;
    if (Failure failure = failed(finished); !may_repeat(failure, last)) return failure;
  }
}

Result<Answer> Kubectl::server_side(std::span<const Object> set, const ApplyOptions &options,
                                    const std::vector<std::string> &more) {
  const auto finished = run(server_side_arguments(options, more), lines_of(set), options.deadline);
  if (!finished) return finished.failure();
  Answer answer{objects_of(finished->out), {}};
  for (std::string_view line : text::lines(finished->err))
    if (constexpr std::string_view kWarning = "Warning: "; line.starts_with(kWarning))
      answer.warnings.emplace_back(line.substr(kWarning.size()));
  return answer;
}

Result<Answer> Kubectl::dry_run(std::span<const Object> set, const ApplyOptions &options) {
  // not by --request-timeout: kubectl with an override ignores a pod's own credentials
  ApplyOptions soon = options;
  soon.deadline = std::min(options.deadline, sys::Clock::now() + std::chrono::seconds(30));
  return server_side(set, soon, {"--dry-run=server"});
}

Result<Answer> Kubectl::apply(std::span<const Object> set, const ApplyOptions &options) {
  if (before_write) before_write();
  return options.beside_kubectl ? apply_beside(set.front(), options)
                                : server_side(set, options, {});
}

void Kubectl::prepare_apply(const ApplyOptions &options) {
  ahead_ = std::make_unique<Ahead>(command(server_side_arguments(options, {})));
}

/// Source: k8s.io/kubectl/pkg/cmd/apply/apply.go, migrateToSSAIfNecessary: what kubectl does after
/// a server-side apply, and what this leaves out
Result<Answer> Kubectl::apply_beside(const Object &object, const ApplyOptions &options) {
  const std::string query = fmt::format("?{}&force={}", flag("fieldManager", options.manager),
                                        options.force ? "true" : "false");
  const Id &id = object.id;
  const auto reply = write("PATCH", id, query, "application/apply-patch+yaml",
                           json::to_text(object.value), options.deadline);
  if (!reply) return reply.failure();
  Answer answer;
  answer.objects.push_back({id, kubernetes_object_of(*reply, id.text())});
  return answer;
}

Result<std::string> Kubectl::write(const char *method, const Id &id, const std::string &query,
                                   const char *type, const std::string &body,
                                   sys::Deadline deadline) {
  const sys::HttpWrite what{method, type, body};
  return send(id,
              [&](const std::string &path) { return proxy_.write(path + query, what, deadline); });
}

Result<Done> Kubectl::remove(const Id &id, const Preconditions &still, sys::Deadline deadline) {
  if (before_write) before_write();
  std::string body;
  json::Writer out(body);
  out.begin_object().key("apiVersion").string("v1").key("kind").string("DeleteOptions");
  out.key("propagationPolicy").string(still.orphan ? "Orphan" : "Background");
  out.key("preconditions").begin_object();
  if (!still.uid.empty()) out.key("uid").string(still.uid);
  if (!still.resource_version.empty()) out.key("resourceVersion").string(still.resource_version);
  out.end_object().end_object();
  const auto done = write("DELETE", id, "", kJson, body, deadline);
  if (!done) return done.failure();
  return Done();
}

Result<json::Value> Kubectl::create(const Id &id, std::string_view json, std::string_view manager,
                                    sys::Deadline deadline) {
  if (before_write) before_write();
  const std::string path =
      collection_path(id.api_version, id.kind, id.ns) + "?" + flag("fieldManager", manager);
  const auto done = proxy_.write(path, {"POST", kJson, json}, deadline);
  if (!done) return done.failure();
  return object_of(*done, path);
}

Result<json::Value> Kubectl::replace(const Id &id, std::string_view json, sys::Deadline deadline) {
  // once: a lock that is renewed is renewed again soon
  const auto done =
      proxy_.write(object_path(id), {"PUT", kJson, json}, deadline, Proxy::Busy::answer);
  if (!done) return done.failure();
  return kubernetes_object_of(*done, id.text());
}

/// A 429 is an answer here: a budget forbids the eviction.
Result<json::Value> Kubectl::post(const std::string &path, std::string_view json,
                                  sys::Deadline deadline) {
  if (before_write) before_write();
  const auto done = proxy_.write(path, {"POST", kJson, json}, deadline, Proxy::Busy::answer);
  if (!done) return done.failure();
  return object_of(*done, path);
}

Result<Done> Kubectl::patch(const Id &id, const std::string &change, std::string_view manager,
                            sys::Deadline deadline) {
  if (before_write) before_write();
  const auto done = write("PATCH", id, "?" + flag("fieldManager", manager),
                          "application/merge-patch+json", change, deadline);
  if (!done) return done.failure();
  return Done();
}

/// Source: kubernetes.io, "Authenticating", API access to authentication information for a client
Result<std::string> Kubectl::who_am_i(sys::Deadline deadline) {
  constexpr std::string_view kReview =
      R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"})";
  const auto done = proxy_.write("/apis/authentication.k8s.io/v1/selfsubjectreviews",
                                 {"POST", kJson, kReview}, deadline);
  if (!done) return done.failure();
  return std::string(object_of(*done, "review").text("status", "userInfo", "username"));
}

std::unique_ptr<Forward> Kubectl::forward(const std::string &target, const std::string &port) {
  const auto words = command(
      {flag("--namespace", access_.ns), "port-forward", "--address=127.0.0.1", target, ":" + port});
  trace_call(access_.trace, words, "", std::nullopt);
  return std::make_unique<PortForward>(words);
}

Result<std::vector<Occupant>> Kubectl::objects_in(const std::string &ns) {
  const auto deadline = sys::Clock::now() + std::chrono::seconds(30);
  const auto table = run({"api-resources", "--verbs=list", "--no-headers"}, "", deadline);
  if (!table) return table.failure();
  const Resources known = resources_of(table->out);
  const std::string owner = ".metadata.ownerReferences[*]";
  const auto rows =
      run({"get", known.listable, flag("--namespace", ns), "--no-headers", "--ignore-not-found",
           "-o=custom-columns=V:.apiVersion,K:.kind,N:.metadata.name,"
           "U:.metadata.uid,O:" +
               owner + ".uid,A:" + owner + ".apiVersion,B:" + owner + ".kind"},
          "", deadline);
  if (!rows) return rows.failure();
  return occupants_of(rows->out, known);
}

std::string current_context(const Trace &trace) {
  const sys::Finished answer = call(trace, {find_kubectl(), "config", "current-context"}, "",
                                    sys::Clock::now() + std::chrono::seconds(20));
  return answer.code == 0 ? std::string(text::trimmed(answer.out)) : "";
}

std::unique_ptr<Cluster> connect(Access access) {
  return std::make_unique<Kubectl>(std::move(access));
}

} // namespace hello::kube
