#include "hello/saved_plan.h"

#include <algorithm>
#include <optional>

#include <fmt/core.h>

#include "hello/mask.h"
#include "hello/random.h"
#include "hello/sha256.h"
#include "hello/text.h"

namespace hello::deploy {
namespace {

constexpr std::chrono::minutes kClocks{5}; ///< by which two machines' clocks may differ
constexpr std::string_view kActions[] = {"remove", "create", "change", "replace", "adopt", "same"};

std::string uid_of(kube::Cluster &cluster, const kube::Id &id) {
  const auto found = cluster.read(id);
  return found ? found->text("metadata", "uid") : "";
}

std::string cluster_uid(kube::Cluster &cluster) {
  return uid_of(cluster, {"v1", "Namespace", "", "kube-system"});
}

std::string authority_uid(kube::Cluster &cluster) {
  return uid_of(cluster, {"v1", "ConfigMap", cluster.access().ns, "kube-root-ca.crt"});
}

std::string digest(const Set &set, const std::string &salt) {
  std::string text = salt;
  for (const kube::Object &object : set) text += json::canonical(object.value) + "\n";
  return hex(sha256(text));
}

/// Whether a saved UID is that of the live object; none: one of the two is not known.
std::optional<bool> same(const std::string &saved, const std::string &live) {
  if (saved.empty() || live.empty()) return std::nullopt;
  return saved == live;
}

/// An object's line, cut where it differs from another one.
std::string cut_at(const std::string &line, std::size_t difference) {
  constexpr std::size_t kShown = 200; ///< bytes
  const auto from = std::max(difference, kShown / 2) - kShown / 2;
  if (from <= kShown) return text::shortened(line, from + kShown);
  return text::shortened(line, kShown) + " " +
         text::shortened(text::valid_utf8(std::string_view(line).substr(from)), kShown);
}

/// Whether the item does not say what the object has now: a Secret's values are not shown, and of
/// what could not be checked nothing is known.
bool hides_values(const Item &item) {
  return item.changes.empty() ||
         std::any_of(item.changes.begin(), item.changes.end(),
                     [](const kube::Change &change) { return change.before == kube::kHidden; });
}

std::size_t first_difference(const std::string &a, const std::string &b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

} // namespace

std::vector<std::string> lines_of(const Plan &plan) {
  std::vector<std::string> lines;
  for (const Item &item : plan.items) {
    if (item.action == Item::Action::same) continue;
    std::string line;
    json::Writer out(line);
    out.begin_object();
    out.key("action").string(kActions[static_cast<std::size_t>(item.action)]);
    out.key("kind").string(item.id.kind).key("namespace").string(item.id.ns);
    out.key("name").string(item.id.name);
    const json::Value &before = plan.before(item.id).value.at("metadata");
    out.key("uid").string(before.text("uid"));
    if (item.action == Item::Action::change && hides_values(item)) // generation: without the status
      out.key("version").string(item.changes.empty() ? json::to_text(before.at("generation"))
                                                     : before.text("resourceVersion"));
    out.key("fields").begin_array();
    for (const kube::Change &change : item.changes) {
      out.begin_object().key("path").string(change.path);
      out.key("before").string(mask::applied(change.before));
      out.key("after").string(mask::applied(change.after)).end_object();
    }
    out.end_array().end_object();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string save_plan(kube::Cluster &cluster, const Set &set, const Plan &plan,
                      const std::string &time) {
  const std::string salt = fmt::format("{:016x}{:016x}", sys::random_bits(), sys::random_bits());
  std::string text;
  json::Writer out(text, json::Style::spaced);
  out.begin_object().key("version").number(1).key("made").string(time);
  out.key("cluster").string(cluster_uid(cluster)).key("authority").string(authority_uid(cluster));
  out.key("namespace").string(cluster.access().ns);
  out.key("release").string(cluster.access().release);
  out.key("salt").string(salt).key("digest").string(digest(set, salt));
  out.key("objects").begin_array();
  for (const std::string &line : lines_of(plan)) out.raw(line);
  out.end_array().end_object();
  return text + "\n";
}

SavedPlan read_plan(std::string_view text, const std::string &name) {
  const json::Value file = json::parse(text, name);
  if (!file.at("objects").is_array() || file.text("digest").empty() ||
      file.at("version").number() != 1)
    throw Error(Exit::invalid, name + " is no plan of hello", "hello diff --save FILE writes one");
  SavedPlan saved{
      file.text("cluster"), file.text("authority"), file.text("namespace"), file.text("release"),
      file.text("made"),    file.text("salt"),      file.text("digest"),    {}};
  for (const json::Value &object : file.at("objects").items())
    saved.objects.push_back(json::to_text(object));
  return saved;
}

void check_plan(kube::Cluster &cluster, const Set &set, const SavedPlan &saved,
                const std::string &time, std::chrono::seconds age) {
  const auto refuse = [](const std::string &why) {
    throw Error(Exit::no, "the saved plan does not hold: " + why,
                "hello diff --save makes a new one");
  };
  const kube::Access &access = cluster.access();
  if (saved.ns != access.ns || saved.release != access.release)
    refuse(fmt::format("it is for release {} in namespace {}", saved.release, saved.ns));
  const auto same_cluster = same(saved.cluster, cluster_uid(cluster)),
             same_authority = same(saved.authority, authority_uid(cluster));
  if (!same_cluster && !same_authority)
    refuse("this account may read neither Namespace/kube-system nor ConfigMap/kube-root-ca.crt, "
           "so nothing tells whether it is for this cluster");
  if (!same_cluster.value_or(same_authority.value_or(false))) refuse("it is for another cluster");
  const auto old = kube::instant_of(time) - kube::instant_of(saved.made);
  if (old > age)
    refuse(fmt::format("it is of {}, older than {} s (--plan-age)", saved.made, age.count()));
  if (old < -kClocks) refuse(fmt::format("it is of {}, which is yet to come", saved.made));
  if (digest(set, saved.salt) != saved.digest) refuse("the set is another by now");
}

std::vector<std::string> differences(const std::vector<std::string> &approved, const Plan &plan) {
  const std::vector<std::string> now = lines_of(plan);
  std::vector<std::string> found;
  const auto furthest = [](const std::string &line, const std::vector<std::string> &others) {
    std::size_t at = 0; // in the line of the same object, which begins as this one
    for (const std::string &other : others) at = std::max(at, first_difference(line, other));
    return at;
  };
  const auto add = [&](const char *mark, const std::vector<std::string> &from,
                       const std::vector<std::string> &without) {
    for (const std::string &line : from)
      if (std::find(without.begin(), without.end(), line) == without.end())
        found.push_back(mark + cut_at(line, furthest(line, without)));
  };
  add("- ", approved, now);
  add("+ ", now, approved);
  return found;
}

void check_approved(const std::vector<std::string> &approved, const Plan &plan) {
  std::string text;
  for (const std::string &line : differences(approved, plan)) text += "\n" + line;
  if (!text.empty())
    throw Error(Exit::no, "the cluster gives another plan than the approved one:" + text,
                "nothing was changed; hello diff --save makes a new one");
}

} // namespace hello::deploy
