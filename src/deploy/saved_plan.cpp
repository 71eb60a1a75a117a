#include "hello/saved_plan.h"

#include <algorithm>
#include <random>

#include <fmt/core.h>

#include "hello/sha256.h"

namespace hello::deploy {
namespace {

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

bool differ(const std::string &a, const std::string &b) {
  return !a.empty() && !b.empty() && a != b;
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
    out.key("uid").string(plan.before(item.id).value.text("metadata", "uid"));
    out.key("fields").begin_array();
    for (const kube::Change &change : item.changes) {
      out.begin_object().key("path").string(change.path).key("before").string(change.before);
      out.key("after").string(change.after).end_object();
    }
    out.end_array().end_object();
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string save_plan(kube::Cluster &cluster, const Set &set, const Plan &plan,
                      const std::string &time) {
  std::random_device random;
  const std::string salt = fmt::format("{:08x}{:08x}{:08x}", random(), random(), random());
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
  if (file.at("version").number() != 1 || file.text("digest").empty())
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
  if (differ(saved.cluster, cluster_uid(cluster)) ||
      differ(saved.authority, authority_uid(cluster)))
    refuse("it is for another cluster");
  if (kube::instant_of(time) - kube::instant_of(saved.made) > age)
    refuse(fmt::format("it is of {}, older than {} s (--plan-age)", saved.made, age.count()));
  if (digest(set, saved.salt) != saved.digest) refuse("the set is another by now");
}

std::vector<std::string> differences(const std::vector<std::string> &approved, const Plan &plan) {
  const std::vector<std::string> now = lines_of(plan);
  std::vector<std::string> found;
  const auto add = [&](const char *mark, const std::vector<std::string> &from,
                       const std::vector<std::string> &without) {
    for (const std::string &line : from)
      if (std::find(without.begin(), without.end(), line) == without.end())
        found.push_back(mark + line);
  };
  add("- ", approved, now);
  add("+ ", now, approved);
  return found;
}

} // namespace hello::deploy
