#include "hello/history.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "hello/order.h"
#include "hello/sha256.h"
#include "hello/text.h"

namespace hello::release {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"pending", "ready", "failed", "rolled-back",
                                                     "superseded"};
constexpr std::string_view kStateLabel = "hello/state";

/// "apps/v1 Deployment hello/hello" a line: kind and identity; the namespace is empty for
/// cluster-wide kinds.
std::string lines_of(const std::vector<kube::Id> &ids) {
  std::string lines;
  for (const kube::Id &id : ids)
    lines += fmt::format("{} {} {}/{}\n", id.api_version, id.kind, id.ns, id.name);
  return lines;
}

std::vector<kube::Id> ids_of(std::string_view lines) {
  std::vector<kube::Id> ids;
  for (std::string_view rest : text::lines(lines)) {
    const std::string_view api_version = text::take(rest, ' '), kind = text::take(rest, ' '),
                           ns = text::take(rest, '/');
    if (!rest.empty())
      ids.push_back(
          {std::string(api_version), std::string(kind), std::string(ns), std::string(rest)});
  }
  return ids;
}

/// More people may read ControllerRevisions than Secrets.
Set without_secrets(const Set &set) {
  Set out;
  std::copy_if(set.begin(), set.end(), std::back_inserter(out),
               [](const kube::Object &object) { return object.id.kind != "Secret"; });
  return out;
}

/// The object as it was rendered.
json::Value unmarked(json::Value object) {
  if (!object.at("metadata", "annotations").find(kMark)) return object;
  json::Value &meta = object["metadata"];
  meta["annotations"].erase(kMark);
  if (meta.at("annotations").members().empty()) meta.erase("annotations");
  return object;
}

std::string revisions_of(const std::vector<Release> &all) {
  std::string text;
  for (const Release &release : all)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", release.revision);
  return text.empty() ? "it is empty" : "it has: " + text;
}

} // namespace

std::string_view name_of(State state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<Release> release_of(const json::Value &object) {
  const json::Value &meta = object.at("metadata");
  Release release;
  release.name = meta.text("name");
  const auto entry = names::read_entry(release.name);
  const auto state =
      std::find(kStates.begin(), kStates.end(), meta.at("labels", kStateLabel).text());
  if (!entry || state == kStates.end()) return std::nullopt;
  release.release = entry->release;
  release.revision = entry->revision;
  release.state = static_cast<State>(state - kStates.begin());
  release.when = meta.text("creationTimestamp");
  const json::Value &notes = meta.at("annotations");
  release.who = notes.text("hello/who");
  release.from = notes.text("hello/from");
  release.image = notes.text("hello/image");
  release.source = notes.text("hello/source");
  release.note = notes.text("hello/note");
  release.version = notes.text("hello/version");
  release.digest = notes.text("hello/digest");
  release.objects = ids_of(notes.at("hello/objects").text());
  release.kept_secrets = ids_of(notes.at("hello/kept-secrets").text());
  release.carried = ids_of(notes.at("hello/carried").text());
  release.soaks_until = notes.text("hello/soaks-until");
  if (release.digest.empty() || release.objects.empty()) return std::nullopt;
  return release;
}

std::string entry_of(const Release &release, const Set &set, const std::string &ns) {
  const std::pair<std::string_view, std::string> notes[] = {
      {"hello/who", release.who},
      {"hello/from", release.from},
      {"hello/image", release.image},
      {"hello/source", release.source},
      {"hello/note", release.note},
      {"hello/version", release.version},
      {"hello/digest", release.digest},
      {"hello/objects", lines_of(release.objects)},
      {"hello/kept-secrets", lines_of(release.kept_secrets)},
      {"hello/carried", lines_of(release.carried)}};
  std::string about, text;
  json::Writer meta(about, json::Style::spaced);
  meta.begin_object();
  meta.key("name").string(names::entry(release.release, release.revision));
  meta.key("namespace").string(ns);
  meta.key("labels").begin_object();
  if (release.release != names::kDefault) // whose entries stay as 0.1.0 wrote them
    meta.key(names::kInstance).string(release.release);
  meta.key("app.kubernetes.io/managed-by").string("hello");
  meta.key("app.kubernetes.io/component").string("release");
  meta.key(kStateLabel).string(name_of(release.state)).end_object();
  meta.key("annotations").begin_object();
  for (const auto &[key, value] : notes)
    if (!value.empty()) meta.key(key).string(value);
  meta.end_object().end_object();
  json::Writer out(text);
  out.begin_object().key("apiVersion").string("apps/v1").key("kind").string("ControllerRevision");
  out.key("metadata").raw(about).key("revision").number(release.revision);
  // The data is byte for byte as the API server writes it again when a label of the entry changes:
  // other bytes would be other data, and that is refused.
  out.key("data").begin_object().key("objects").begin_array();
  for (const kube::Object &object : without_secrets(set)) out.raw(json::as_go(object.value));
  out.end_array().end_object().end_object();
  return text;
}

std::string digest_of(const Set &set) {
  std::string text;
  for (const kube::Object &object : without_secrets(set))
    text += json::canonical(unmarked(object.value)) + "\n";
  return hex(sha256(text));
}

std::vector<Release> surplus(const std::vector<Release> &all) {
  std::vector<Release> out;
  std::size_t ready = 0, others = 0;
  for (const Release &release : all) {
    std::size_t &count = release.state == State::ready ? ready : others;
    if (++count > kKept) out.push_back(release);
  }
  return out;
}

const Release *live_release(const std::vector<Release> &all) {
  for (const Release &release : all)
    if (release.state != State::rolled_back && release.state != State::superseded) return &release;
  return nullptr;
}

void set_status(std::vector<Release> &all, bool at_work) {
  bool deployed = false;
  for (Release &release : all) {
    const bool newest = &release == &all.front();
    switch (release.state) {
    case State::ready:
      release.status = std::exchange(deployed, true) ? "superseded" : "deployed";
      break;
    case State::pending: release.status = at_work && newest ? "pending" : "interrupted"; break;
    case State::superseded: release.status = "interrupted"; break;
    case State::failed:
    case State::rolled_back: release.status = "failed"; break;
    }
  }
}

const Release &find_revision(const std::vector<Release> &all, int revision) {
  for (const Release &release : all)
    if (release.revision == revision) return release;
  throw Error(Exit::usage,
              fmt::format("no revision {} in the history; {}", revision, revisions_of(all)),
              "run 'hello history' to list them");
}

const Release &rollback_target(const std::vector<Release> &all, std::optional<int> asked) {
  if (asked) {
    const Release &release = find_revision(all, *asked);
    if (release.state == State::ready) return release;
    throw Error(Exit::usage, fmt::format("revision {} was never ready", *asked),
                "run 'hello history' to list those that were");
  }
  const Release *live = live_release(all);
  for (const Release &release : all)
    if (release.state == State::ready && live && release.revision < live->revision &&
        release.digest != live->digest)
      return release;
  throw Error(
      Exit::usage,
      "the history has no earlier revision that was ready and differs from the current one",
      all.empty()
          ? "the next hello deploy starts the history"
          : "run 'hello history' to list them; 'hello rollback REVISION' takes any that was ready");
}

namespace {

/// Gives the name and the object of each entry in the namespace, without its set.
std::optional<kube::Failure>
list_entries(kube::Cluster &cluster,
             const std::function<void(const std::string &release, const json::Value &)> &take) {
  return cluster.list({.api_version = "apps/v1",
                       .kind = "ControllerRevision",
                       .ns = cluster.access().ns,
                       .labels = std::string(names::kEntries),
                       .detail = kube::Collection::Detail::metadata},
                      [&](json::Value &&object) {
                        if (const auto entry = names::read_entry(object.text("metadata", "name")))
                          take(entry->release, object);
                      });
}

void sort_newest_first(std::vector<Release> &all) {
  sort_items(all, [](const Release &a, const Release &b) { return a.revision > b.revision; });
}

} // namespace

kube::Result<std::vector<Release>> read_history(kube::Cluster &cluster) {
  std::vector<Release> all;
  const auto failure =
      list_entries(cluster, [&](const std::string &name, const json::Value &object) {
        if (name != cluster.access().release) return;
        if (auto release = release_of(object)) all.push_back(std::move(*release));
      });
  if (failure) return *failure;
  sort_newest_first(all);
  return all;
}

std::optional<std::vector<Set>> sets_of_others(kube::Cluster &cluster) {
  std::map<std::string, std::vector<Release>> others;
  const auto failure =
      list_entries(cluster, [&](const std::string &name, const json::Value &object) {
        std::vector<Release> &all = others[name];
        if (auto release = release_of(object)) all.push_back(std::move(*release));
      });
  if (failure && failure->retryable)
    throw kube::explain(*failure, "read the history", cluster.access());
  if (failure) return std::nullopt;
  others.erase(cluster.access().release);
  std::vector<Set> sets;
  for (auto &[name, all] : others) {
    sort_newest_first(all);
    const Release *live = live_release(all);
    auto set = live ? find_set(cluster, *live) : std::nullopt;
    if (!set) return std::nullopt;
    sets.push_back(std::move(*set));
  }
  return sets;
}

std::optional<Set> find_set(kube::Cluster &cluster, const Release &release) {
  const kube::Live entry =
      kube::look_up(cluster, {"apps/v1", "ControllerRevision", cluster.access().ns, release.name});
  Set set;
  for (const json::Value &object : entry.value.at("data", "objects").items())
    set.push_back({kube::id_of(object), object});
  return set.empty() || digest_of(set) != release.digest ? std::nullopt : std::optional(set);
}

Set read_set(kube::Cluster &cluster, const Release &release) {
  if (auto set = find_set(cluster, release)) return *set;
  throw Error(Exit::cluster,
              "the history entry " + release.name + " is gone, or does not match its digest",
              "run 'hello history' to list the others");
}

} // namespace hello::release
