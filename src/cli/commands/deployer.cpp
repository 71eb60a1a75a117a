#include "cli/commands/deployer.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/core.h>

#include "cli/options/release_set.h"
#include "hello/kinds.h"
#include "hello/kube.h"
#include "hello/owner.h"
#include "hello/rates.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

/// API group and plural.
using Resource = std::pair<std::string, std::string>;
using Names = std::vector<std::string>;

std::string group_of(const manifest::Object &object) {
  const auto slash = object.api_version.find('/');
  return slash == std::string::npos ? "" : object.api_version.substr(0, slash);
}

/// The plural of an object's kind; empty if it is not known: Kubernetes' own kinds and those of
/// hello's table follow one rule, custom ones are as their definition says, if the set has it.
std::string plural_of(const manifest::Object &object, std::span<const manifest::Object> set) {
  const std::string group = group_of(object);
  for (const manifest::Object &one : set)
    if (one.kind == "CustomResourceDefinition" && yaml::text(one.node, "spec", "group") == group &&
        yaml::text(one.node, "spec", "names", "kind") == object.kind)
      return yaml::text(one.node, "spec", "names", "plural");
  const bool known = group.find('.') == std::string::npos || group.ends_with(".k8s.io") ||
                     std::any_of(kinds::all().begin(), kinds::all().end(), [&](const auto &row) {
                       return row.name == object.kind && kinds::group(row.api_version) == group;
                     });
  return known ? kube::plural(object.kind) : "";
}

/// The resources that the Role among `objects` lets its account make, change and remove, whatever
/// their names are. Some others may only be read.
std::set<Resource> given_by(std::span<const manifest::Object> objects) {
  std::set<Resource> given;
  for (const kube::Object &object : set_of(objects))
    for (const json::Value &rule : object.value.at("rules").items())
      if (!rule.find("resourceNames") &&
          json::to_text(rule.at("verbs")).find("patch") != std::string::npos)
        for (const json::Value &resource : rule.at("resources").items())
          given.emplace(rule.at("apiGroups").items().front().text(), resource.text());
  return given;
}

json::Value strings(std::span<const std::string> texts) {
  json::Value list = json::array();
  for (const std::string &text : texts) list.push(json::string(text));
  return list;
}

json::Value rule(const Resource &resource, const Names &names, const Names &verbs) {
  json::Value out;
  out["apiGroups"] = strings(Names{resource.first});
  out["resources"] = strings(Names{resource.second});
  if (!names.empty()) out["resourceNames"] = strings(names);
  out["verbs"] = strings(verbs);
  return out;
}

/// A Role with its binding, or cluster-wide ones where `ns` is empty.
class Grant {
public:
  Grant(std::string ns, std::string name, std::string account_ns, std::string account)
      : ns_(std::move(ns)), name_(std::move(name)), account_ns_(std::move(account_ns)),
        account_(std::move(account)) {}

  void add(const manifest::Object &object, const std::string &plural) {
    const Resource resource{group_of(object), plural};
    names_[resource].push_back(object.name);
    if (object.ns == account_ns_ && kinds::is(object.kind, kinds::Kind::in_set))
      listed_.insert(resource); // as the settings' objects are, by their labels
    if (kinds::is(object.kind, kinds::Kind::holds_data)) kept_.insert(resource);
    if (object.ns != account_ns_ && kinds::is(object.kind, kinds::Kind::has_pods)) has_pods_ = true;
  }

  /// Requests through the API server to the Service that is called so there.
  void add_proxy(const std::string &name) { proxies_.push_back(name); }

  void append_to(release::Set &set) const {
    json::Value role = head(ns_.empty() ? "ClusterRole" : "Role");
    for (const auto &[resource, names] : names_) {
      Names free{"create"}; // without names
      if (listed_.count(resource)) free.emplace_back("list");
      role["rules"].push(rule(resource, {}, free));
      Names own{"get", "patch"};
      if (!kept_.count(resource)) own.emplace_back("delete");
      role["rules"].push(rule(resource, names, own));
    }
    if (has_pods_) // as the Role of the account's own namespace has it: why pods do not get on
      for (const auto &[resource, verb] :
           {std::pair("pods", "list"), std::pair("events", "list"), std::pair("pods/log", "get")})
        role["rules"].push(rule({"", resource}, {}, {verb}));
    if (!proxies_.empty()) role["rules"].push(rule({"", "services/proxy"}, proxies_, {"get"}));
    json::Value binding = head(ns_.empty() ? "ClusterRoleBinding" : "RoleBinding");
    json::Value &ref = binding["roleRef"];
    ref["apiGroup"] = json::string(kRbac);
    ref["kind"] = role.at("kind");
    ref["name"] = json::string(name_);
    json::Value subject;
    subject["kind"] = json::string("ServiceAccount");
    subject["name"] = json::string(account_);
    subject["namespace"] = json::string(account_ns_);
    binding["subjects"].push(std::move(subject));
    for (json::Value *one : {&role, &binding}) set.push_back({kube::id_of(*one), std::move(*one)});
  }

private:
  json::Value head(std::string_view kind) const {
    json::Value object;
    object["apiVersion"] = json::string(fmt::format("{}/v1", kRbac));
    object["kind"] = json::string(kind);
    object["metadata"]["name"] = json::string(name_);
    if (!ns_.empty()) object["metadata"]["namespace"] = json::string(ns_);
    object["metadata"]["labels"][names::kName] = json::string("hello-deployer");
    return object;
  }

  std::string ns_, name_, account_ns_, account_;
  std::map<Resource, Names> names_;
  std::set<Resource> listed_, kept_; ///< kept_: what hello never deletes
  Names proxies_;                    ///< "http:prometheus:9090"
  bool has_pods_ = false;
};

} // namespace

std::vector<manifest::Object> deployer(const config::Config &config,
                                       std::span<const manifest::Object> set,
                                       std::vector<std::string> &notes) {
  const std::string ns = config.text("namespace.name"), release = config.text("name"),
                    account = names::deployer(release);
  std::vector<manifest::Object> objects = manifest::deployer(config);
  const std::set<Resource> given = given_by(objects);
  std::map<std::string, Grant> grants; // by namespace
  const auto grant_in = [&](const std::string &where) -> Grant & {
    const std::string name = where == ns ? account + "-extras" : ns + ":" + account;
    return grants.try_emplace(where, where, name, ns, account).first->second;
  };
  for (const manifest::Object &object : set) {
    const std::string what = object.kind + "/" + object.name, group = group_of(object),
                      plural = plural_of(object, set);
    if (object.ns == ns && given.count({group, plural})) continue;
    if (object.kind == "Namespace" || group == kRbac) {
      const bool home = object.kind == "Namespace" && object.name == ns;
      notes.push_back(fmt::format("an administrator applies {}{}", what,
                                  home ? " (namespace.create: false)"
                                       : "; leave it out of what this account deploys"));
      continue;
    }
    if (plural.empty()) {
      notes.push_back(fmt::format(
          "{} needs a rule more, with the plural that kubectl api-resources names: {{apiGroups: "
          "[{}], resources: [{}], verbs: [get, create, patch, delete]}}",
          what, group, kube::plural(object.kind)));
      continue;
    }
    grant_in(object.ns).add(object, plural);
  }
  if (config.has("monitoring.prometheus")) {
    // /api/v1/namespaces/NAMESPACE/services/NAME/proxy
    const std::string path = kube::service_path(config.text("monitoring.prometheus"));
    if (const auto parts = text::split(path, '/'); parts.size() > 6)
      grant_in(std::string(parts[4])).add_proxy(std::string(parts[6]));
  }
  release::Set more;
  for (const auto &[where, grant] : grants) grant.append_to(more);
  for (manifest::Object &object : objects_of(more)) objects.push_back(std::move(object));
  return objects;
}

} // namespace hello::cli
