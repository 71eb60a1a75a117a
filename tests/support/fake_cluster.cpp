#include "support/fake_cluster.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

#include "hello/kinds.h"
#include "support/fake_mirror.h"

namespace hello::test {
namespace {

using kube::Failure;
using kube::Result;

class FakeForward final : public kube::Forward {
public:
  explicit FakeForward(Result<std::string> address) : address_(std::move(address)) {}
  Result<std::string> address(sys::Deadline) override { return address_; }
  bool is_open() override { return static_cast<bool>(address_); }

private:
  Result<std::string> address_;
};

/// A log that is there as a whole.
class FakeStream final : public kube::Stream {
public:
  explicit FakeStream(Result<std::string> text) : text_(std::move(text)) {}
  std::optional<Failure> run(const sys::TakeBytes &take) override {
    if (!text_) return text_.failure();
    take(*text_);
    return std::nullopt;
  }
  void stop() override {}

private:
  Result<std::string> text_;
};

/// What a list of metadata has of an object.
json::Value metadata_of(const json::Value &object) {
  json::Value out;
  for (const char *key : {"apiVersion", "kind", "metadata"}) out[key] = object.at(key);
  return out;
}

std::string names_of(std::span<const kube::Object> set) {
  std::string names;
  for (const kube::Object &object : set) names += (names.empty() ? "" : " ") + object.id.text();
  return names;
}

} // namespace

FakeCluster::FakeCluster() {
  api.put(object("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"));
}

void FakeCluster::after(std::chrono::milliseconds time, Action action) {
  const std::lock_guard lock(mutex_);
  agenda_.emplace(now_ + time, std::move(action));
}

void FakeCluster::before_next(Operation operation, Action action, const std::string &about) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({operation, about, std::nullopt, std::move(action), true});
}

void FakeCluster::fail_next(Operation operation, Failure failure, const std::string &about) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({operation, about, std::move(failure), {}, true});
}

void FakeCluster::fail_always(Operation operation, Failure failure, const std::string &about) {
  const std::lock_guard lock(mutex_);
  rules_.push_back({operation, about, std::move(failure), {}, false});
}

void FakeCluster::allow(Operation operation) {
  const std::lock_guard lock(mutex_);
  std::erase_if(rules_, [&](const Rule &rule) { return rule.operation == operation; });
}

void FakeCluster::interrupt_after(std::chrono::milliseconds time) {
  after(time, [] { throw Error(Exit::interrupted, "interrupted"); });
}

std::size_t FakeCluster::times(std::string_view line) const {
  return static_cast<std::size_t>(
      std::count_if(journal.begin(), journal.end(),
                    [&](const std::string &entry) { return entry.starts_with(line); }));
}

std::chrono::milliseconds FakeCluster::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now() - start_);
}

/// The failure that the script has for a call, if any; runs the actions that come before it.
std::optional<Failure> FakeCluster::scripted(Operation operation, const std::string &about) {
  for (auto rule = rules_.begin(); rule != rules_.end();) {
    if (rule->operation != operation || (!rule->about.empty() && rule->about != about)) {
      ++rule;
      continue;
    }
    const Rule found = *rule;
    if (found.once) rule = rules_.erase(rule);
    if (found.failure) return found.failure;
    found.action();
    rule = rules_.begin(); // the action may have changed them
  }
  return std::nullopt;
}

void FakeCluster::move_clock(sys::Deadline to) {
  now_ = std::max(now_, to);
  if (now_ - start_ > longest) throw std::logic_error("hello waits forever");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now_ - start_).count();
  api.time = fmt::format("2026-11-23T{:02}:{:02}:{:02}Z", 4 + seconds / 3600, seconds / 60 % 60,
                         seconds % 60);
}

void FakeCluster::pass(sys::Deadline deadline) {
  const auto next = agenda_.begin();
  if (next == agenda_.end() || next->first > deadline) return move_clock(deadline);
  const Action action = std::move(next->second);
  move_clock(next->first);
  agenda_.erase(next);
  action();
}

sys::Deadline FakeCluster::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

void FakeCluster::sleep(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  for (const auto end = now_ + time; now_ < end;) pass(end);
}

void FakeCluster::wrote(const kube::Id &id) {
  if (on_write) on_write(id);
}

Result<kube::Answer> FakeCluster::apply_to(FakeApi &target, Operation operation,
                                           std::span<const kube::Object> set,
                                           const kube::ApplyOptions &options) {
  if (auto failed = scripted(operation, names_of(set))) return std::move(*failed);
  kube::Answer answer;
  std::optional<Failure> failure;
  for (const kube::Object &object : set) {
    const json::Value *known = target.find(object.id);
    const std::string before = known ? known->text("metadata", "resourceVersion") : "";
    std::optional<Failure> failed;
    if (set.size() > 1) failed = scripted(operation, object.id.text());
    Result<json::Value> result = failed ? Result<json::Value>(*failed)
                                        : target.apply(object, options.manager, options.force);
    if (result && operation == Operation::apply && !options.beside_kubectl &&
        target.migrate(object.id, options.manager))
      result = target.apply(object, options.manager, options.force);
    if (result) {
      const bool changed = before != result->text("metadata", "resourceVersion");
      answer.objects.push_back({object.id, std::move(*result)});
      if (changed && operation == Operation::apply) wrote(object.id);
    } else if (!failure) {
      failure = result.failure();
    } else {
      const auto &more = result.failure().conflicts;
      failure->conflicts.insert(failure->conflicts.end(), more.begin(), more.end());
    }
  }
  if (failure) return *failure;
  answer.warnings = warnings;
  return answer;
}

Result<kube::Answer> FakeCluster::dry_run(std::span<const kube::Object> set,
                                          const kube::ApplyOptions &options) {
  const std::lock_guard lock(mutex_);
  for (const kube::Object &object : set) // what is made by the dry run itself is not there
    if (!object.id.ns.empty() && !api.find({"v1", "Namespace", "", object.id.ns})) {
      Failure missing = failure(kube::Trouble::no_namespace);
      missing.ns = object.id.ns;
      return missing;
    }
  for (const kube::Object &object : set) // so admission of a pod does not find its account
    if (const std::string account(object.value.at("spec").text("serviceAccountName"));
        object.id.kind == "Pod" && !account.empty() &&
        !api.find({"v1", "ServiceAccount", object.id.ns, account}))
      return failure(kube::Trouble::forbidden, "error looking up service account " + account);
  FakeApi copy = api;
  return apply_to(copy, Operation::dry_run, set, options);
}

Result<kube::Answer> FakeCluster::apply(std::span<const kube::Object> set,
                                        const kube::ApplyOptions &options) {
  if (before_write) before_write();
  const std::lock_guard lock(mutex_);
  std::string line = fmt::format("apply {} as {}", names_of(set), options.manager);
  if (options.force) line += " by force";
  if (options.beside_kubectl) line += " beside kubectl";
  for (const std::string &word : options.extra) line += " " + word;
  journal.push_back(std::move(line));
  return apply_to(api, Operation::apply, set, options);
}

Result<kube::Done> FakeCluster::remove(const kube::Id &id, const kube::Preconditions &still,
                                       sys::Deadline) {
  if (before_write) before_write();
  const std::lock_guard lock(mutex_);
  if (id.kind != "Lease") journal.push_back("remove " + id.text());
  if (auto failed = scripted(Operation::remove, id.text())) return std::move(*failed);
  auto done = api.remove(id, still);
  if (done) wrote(id);
  return done;
}

Result<json::Value> FakeCluster::create(const kube::Id &id, std::string_view json,
                                        std::string_view manager, sys::Deadline) {
  if (before_write) before_write();
  const std::lock_guard lock(mutex_);
  if (id.kind != "Lease") journal.push_back("create " + id.text());
  if (auto failed = scripted(Operation::create, id.text())) return std::move(*failed);
  const auto done = api.create(id, json::parse(json, "create"), manager);
  if (!done) return done.failure();
  json::Value stored = *api.find(id);
  wrote(id);
  return stored;
}

Result<json::Value> FakeCluster::replace(const kube::Id &id, std::string_view json, sys::Deadline) {
  const std::lock_guard lock(mutex_);
  if (auto failed = scripted(Operation::replace, id.text())) return std::move(*failed);
  return api.replace(id, json::parse(json, "replace"));
}

Result<json::Value> FakeCluster::post(const std::string &path, std::string_view, sys::Deadline) {
  if (before_write) before_write();
  const std::lock_guard lock(mutex_);
  journal.push_back("post " + path);
  if (auto failed = scripted(Operation::post, path)) return std::move(*failed);
  const auto found = paths.find(path);
  if (found == paths.end()) return failure(kube::Trouble::not_found);
  return found->second;
}

Result<json::Value> FakeCluster::fetch(const std::string &path) {
  const std::lock_guard lock(mutex_);
  if (auto failed = scripted(Operation::fetch, path)) return std::move(*failed);
  const auto found = paths.find(path);
  if (found == paths.end()) return failure(kube::Trouble::not_found);
  return found->second;
}

Result<kube::Done> FakeCluster::patch(const kube::Id &id, const std::string &change,
                                      std::string_view, sys::Deadline) {
  if (before_write) before_write();
  const std::lock_guard lock(mutex_);
  journal.push_back(fmt::format("patch {} {}", id.text(), change));
  if (auto failed = scripted(Operation::patch, id.text())) return std::move(*failed);
  return api.patch(id, json::parse(change, "patch"));
}

Result<std::string> FakeCluster::who_am_i(sys::Deadline) {
  const std::lock_guard lock(mutex_);
  if (auto failed = scripted(Operation::who_am_i, "")) return std::move(*failed);
  return user;
}

std::unique_ptr<kube::Forward> FakeCluster::forward(const std::string &target,
                                                    const std::string &port) {
  const std::lock_guard lock(mutex_);
  journal.push_back(fmt::format("forward {}:{}", target, port));
  if (auto failed = scripted(Operation::forward, target))
    return std::make_unique<FakeForward>(*failed);
  return std::make_unique<FakeForward>(forward_address);
}

sys::HttpReply FakeCluster::ask(const std::string &url, std::chrono::milliseconds) {
  const std::lock_guard lock(mutex_);
  journal.push_back("ask " + url);
  if (!url.starts_with("http://")) throw Error(Exit::usage, "not a URL: " + url);
  if (replies.empty()) return {200, "Hello!\n"};
  const sys::HttpReply reply = replies.front();
  if (replies.size() > 1) replies.pop_front();
  return reply;
}

Result<std::vector<kube::Occupant>> FakeCluster::objects_in(const std::string &ns) {
  const std::lock_guard lock(mutex_);
  if (auto failed = scripted(Operation::objects_in, ns)) return std::move(*failed);
  std::vector<kube::Occupant> found;
  for (const auto &[id, value] : api.all())
    if (id.ns == ns && id.kind != "Event") {
      kube::Occupant one{std::string(kinds::group(id.api_version)), id.kind, id.name,
                         value.text("metadata", "uid")};
      for (const json::Value &owner : value.at("metadata", "ownerReferences").items()) {
        one.owners.push_back(owner.text("uid"));
        if (owner.text("kind") == "Node") one.owned_outside = true;
      }
      found.push_back(std::move(one));
    }
  return found;
}

Result<json::Value> FakeCluster::read(const kube::Id &id) {
  const std::lock_guard lock(mutex_);
  ++reads[id.text()];
  if (auto failed = scripted(Operation::read, id.text())) return std::move(*failed);
  const json::Value *found = api.find(id);
  if (!found) return failure(kube::Trouble::not_found);
  return *found;
}

std::optional<Failure> FakeCluster::list(const kube::Collection &collection,
                                         const kube::TakeValue &take) {
  const std::lock_guard lock(mutex_);
  if (auto failed = scripted(Operation::list, collection.kind)) return failed;
  if (collection.ns.empty())
    if (auto failed = scripted(Operation::list, collection.kind + " in every namespace"))
      return failed;
  const bool whole = collection.detail == kube::Collection::Detail::full;
  for (const json::Value *found : api.matching(collection))
    take(whole ? json::Value(*found) : metadata_of(*found));
  return std::nullopt;
}

bool FakeCluster::serves(std::string_view api_version) { return served.count(api_version) > 0; }

Result<std::string> FakeCluster::log(const std::string &pod, const std::string &container,
                                     const kube::LogQuery &query) {
  const std::lock_guard lock(mutex_);
  const std::string name = pod + "/" + container;
  ++reads["log " + name];
  log_queries.push_back(query);
  if (auto failed = scripted(Operation::log, name)) return std::move(*failed);
  const auto &all = query.previous ? previous_logs : logs;
  const auto found = all.find(name);
  if (found == all.end()) return failure(kube::Trouble::not_found);
  return found->second;
}

std::unique_ptr<kube::Stream> FakeCluster::follow_log(const std::string &pod,
                                                      const std::string &container,
                                                      const kube::LogQuery &query) {
  return std::make_unique<FakeStream>(log(pod, container, query));
}

std::unique_ptr<kube::Mirror> FakeCluster::watch(std::vector<kube::Source> sources) {
  return std::make_unique<FakeMirror>(*this, std::move(sources));
}

} // namespace hello::test
