#include "hello/history.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include <fmt/core.h>

#include "hello/fields.h"
#include "hello/sha256.h"
#include "hello/yaml.h"

namespace hello::release {
namespace {

constexpr std::array<std::string_view, 5> kStates = {"pending", "ready", "failed", "rolled-back",
                                                     "superseded"};
constexpr std::string_view kPrefix = "hello-release-";
constexpr std::string_view kStateLabel = "hello/state";

std::string text(const YAML::Node &map, std::string_view key) {
  if (!map.IsDefined() || !map.IsMap()) return "";
  const YAML::Node found = map[std::string(key)];
  return found.IsDefined() && found.IsScalar() ? found.Scalar() : "";
}

/// "apps/v1 Deployment hello/hello" a line: kind and identity; the namespace is empty for
/// cluster-wide kinds.
std::string line_of(const kube::Id &id) {
  return fmt::format("{} {} {}/{}\n", id.api_version, id.kind, id.ns, id.name);
}

std::vector<kube::Id> ids_of(std::string_view lines) {
  std::vector<kube::Id> ids;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto kind = line.find(' '), ns = line.find(' ', kind + 1), name = line.find('/', ns + 1);
    if (kind == line.npos || ns == line.npos || name == line.npos) continue;
    ids.push_back(
        {std::string(line.substr(0, kind)), std::string(line.substr(kind + 1, ns - kind - 1)),
         std::string(line.substr(ns + 1, name - ns - 1)), std::string(line.substr(name + 1))});
  }
  return ids;
}

/// Byte for byte as the API server writes it again when a label of the entry changes; other bytes
/// would be other data, and that is refused. Source: Go, encoding/json: sorted keys, no blanks,
/// HTML's characters escaped
std::string as_go(const YAML::Node &node) {
  std::string out;
  const std::string json = kube::canonical(node);
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '<' || json[i] == '>' || json[i] == '&') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(json[i]));
    } else if (const auto three = std::string_view(json).substr(i, 3);
               three == "\u2028" || three == "\u2029") {
      out += three == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

/// More people may read ControllerRevisions than Secrets.
Set without_secrets(const Set &set) {
  Set out;
  std::copy_if(set.begin(), set.end(), std::back_inserter(out),
               [](const auto &object) { return object.kind != "Secret"; });
  return out;
}

std::string plural(const std::vector<Release> &all) {
  std::string text;
  for (const Release &release : all)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", release.revision);
  return text.empty() ? "there is none" : "there are: " + text;
}

} // namespace

std::string_view name_of(State state) { return kStates[static_cast<std::size_t>(state)]; }

std::string name_of_entry(int revision) { return fmt::format("{}{}", kPrefix, revision); }

std::optional<Release> release_of(const YAML::Node &object) {
  const YAML::Node meta = yaml::at(object, "metadata");
  if (!meta.IsDefined() || !meta.IsMap()) return std::nullopt;
  Release release;
  release.name = text(meta, "name");
  const std::string digits =
      release.name.starts_with(kPrefix) ? release.name.substr(kPrefix.size()) : "";
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), release.revision);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
      release.revision < 1)
    return std::nullopt;
  const auto state = std::find(kStates.begin(), kStates.end(), text(meta["labels"], kStateLabel));
  if (state == kStates.end()) return std::nullopt;
  release.state = static_cast<State>(state - kStates.begin());
  release.when = text(meta, "creationTimestamp");
  const YAML::Node notes = yaml::at(meta, "annotations");
  release.who = text(notes, "hello/who");
  release.from = text(notes, "hello/from");
  release.image = text(notes, "hello/image");
  release.source = text(notes, "hello/source");
  release.note = text(notes, "hello/note");
  release.digest = text(notes, "hello/digest");
  release.objects = ids_of(text(notes, "hello/objects"));
  if (release.digest.empty() || release.objects.empty()) return std::nullopt;
  return release;
}

std::string entry_of(const Release &release, const Set &set, const std::string &ns) {
  YAML::Node meta(YAML::NodeType::Map), labels(YAML::NodeType::Map), notes(YAML::NodeType::Map);
  labels["app.kubernetes.io/managed-by"] = yaml::string("hello");
  labels["app.kubernetes.io/component"] = yaml::string("release");
  labels[std::string(kStateLabel)] = yaml::string(name_of(release.state));
  std::string lines;
  for (const kube::Id &id : release.objects) lines += line_of(id);
  const std::pair<const char *, const std::string *> facts[] = {
      {"hello/who", &release.who},     {"hello/from", &release.from},
      {"hello/image", &release.image}, {"hello/source", &release.source},
      {"hello/note", &release.note},   {"hello/digest", &release.digest},
      {"hello/objects", &lines}};
  for (const auto &[key, value] : facts)
    if (!value->empty()) notes[key] = yaml::string(*value);
  meta["name"] = yaml::string(name_of_entry(release.revision));
  meta["namespace"] = yaml::string(ns);
  meta["labels"] = labels;
  meta["annotations"] = notes;
  std::string objects; // written by hand: the set's nodes stay the caller's
  for (const manifest::Object &object : without_secrets(set))
    objects += (objects.empty() ? "" : ",") + as_go(object.node);
  return fmt::format(
      R"({{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{},"revision":{},"data":{{"objects":[{}]}}}})",
      yaml::to_json(meta), release.revision, objects);
}

std::string digest_of(const Set &set) {
  std::string text;
  for (const manifest::Object &object : without_secrets(set))
    text += kube::canonical(object.node) + "\n";
  return hex(sha256(text));
}

std::vector<Release> surplus(const std::vector<Release> &all) {
  std::vector<Release> out;
  bool ready_kept = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool first_ready = all[i].state == State::ready && !ready_kept;
    ready_kept = ready_kept || first_ready;
    if (i >= kKept && !first_ready) out.push_back(all[i]);
  }
  return out;
}

const Release *live_release(const std::vector<Release> &all) {
  for (const Release &release : all)
    if (release.state != State::rolled_back && release.state != State::superseded) return &release;
  return nullptr;
}

const Release &rollback_target(const std::vector<Release> &all, std::optional<int> asked) {
  if (asked) {
    for (const Release &release : all)
      if (release.revision == *asked) return release;
    throw Error(Exit::usage, fmt::format("no revision {} in the history; {}", *asked, plural(all)),
                "hello history");
  }
  const Release *live = live_release(all);
  for (const Release &release : all)
    if (release.state == State::ready && live && release.revision < live->revision &&
        release.digest != live->digest)
      return release;
  throw Error(
      Exit::usage, "the history has no earlier release that was ready and differs from what runs",
      all.empty()
          ? "the history begins with the next hello deploy"
          : "hello history lists those that there are; hello rollback REVISION takes any of them");
}

History read_history(kube::Cluster &cluster) {
  History history;
  const kube::Reply reply = cluster.get_metadata(
      kube::collection_path("apps/v1", "ControllerRevision", cluster.access().ns) +
      "?labelSelector=" + kube::query_value(kOurs));
  if (!reply.ok()) {
    history.refusal = reply;
    return history;
  }
  const YAML::Node list = kube::parse(reply.body, "history");
  for (const YAML::Node &object : yaml::items(yaml::at(list, "items")))
    if (auto release = release_of(object)) {
      std::vector<Release> &all = history.releases;
      const auto older = std::find_if(all.begin(), all.end(), [&](const Release &other) {
        return other.revision < release->revision;
      });
      all.insert(older, std::move(*release));
    }
  return history;
}

std::optional<Set> find_set(kube::Cluster &cluster, const Release &release) {
  const YAML::Node entry =
      kube::read(cluster, {"apps/v1", "ControllerRevision", cluster.access().ns, release.name});
  if (!entry.IsMap()) return std::nullopt;
  Set set;
  if (const YAML::Node data = yaml::at(entry, "data"); data && data.IsMap())
    for (const YAML::Node &node : yaml::items(yaml::at(data, "objects"))) {
      const kube::Id id = kube::id_of(node);
      set.push_back({id.api_version, id.kind, id.ns, id.name, YAML::Clone(node)});
    }
  return set.empty() || digest_of(set) != release.digest ? std::nullopt : std::optional(set);
}

Set read_set(kube::Cluster &cluster, const Release &release) {
  if (auto set = find_set(cluster, release)) return *set;
  throw Error(Exit::cluster,
              "the entry " + release.name + " is gone, or its set does not match its digest",
              "hello history lists those that there are");
}

} // namespace hello::release
