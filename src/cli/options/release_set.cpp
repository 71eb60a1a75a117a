#include "cli/options/release_set.h"

#include "cli/view/findings.h"
#include "cli/view/output.h"
#include "hello/base64.h"
#include "hello/json.h"
#include "hello/mask.h"
#include "hello/yaml.h"

namespace hello::cli {
namespace {

/// Converts values one by one: JSON text may hold surrogate pairs, which YAML does not have.
YAML::Node node_of(const json::Value &value) {
  switch (value.kind()) {
  case json::Kind::null: return YAML::Node(YAML::NodeType::Null);
  case json::Kind::boolean: return yaml::boolean(value.boolean());
  case json::Kind::number: return yaml::load(value.text(), "number");
  case json::Kind::string: return yaml::string(value.text());
  case json::Kind::array:
  case json::Kind::object: break;
  }
  YAML::Node node(value.is_array() ? YAML::NodeType::Sequence : YAML::NodeType::Map);
  for (const json::Value &item : value.items()) node.push_back(node_of(item));
  for (const auto &[key, member] : value.members())
    node.force_insert(yaml::string(key), node_of(member));
  return node;
}

} // namespace

namespace {

/// Masks each value, whatever its type: a wrong one is named in an error.
void mask_values(const json::Value &value) {
  for (const json::Value &item : value.items()) mask_values(item);
  for (const auto &[key, member] : value.members()) mask_values(member);
  mask::add(value.text());
  if (const auto plain = from_base64(value.text())) mask::add(*plain);
}

/// Puts what stands in stringData into data: the server would never remove a key of it. From now on
/// no value is printed. What is no string or not base64 stays for the server to refuse.
void settle_secret(json::Value &secret) {
  mask_values(secret.at("stringData"));
  mask_values(secret.at("data"));
  const json::Value given = secret.at("stringData");
  for (const auto &[key, value] : given.members()) {
    if (!value.is_string()) continue;
    secret["data"][key] = json::string(base64(value.text()));
    secret["stringData"].erase(key);
  }
  if (secret.find("stringData") && secret.at("stringData").members().empty())
    secret.erase("stringData");
}

/// Masks the Secrets of manifests that cannot be rendered.
void mask_secrets_in(const YAML::Node &manifest) {
  if (yaml::text(manifest, "kind") == "Secret") {
    json::Value secret = json::parse(yaml::to_json(manifest), "Secret");
    settle_secret(secret);
  }
}

} // namespace

release::Set set_of(std::span<const manifest::Object> objects) {
  release::Set set;
  for (const manifest::Object &object : objects) {
    const kube::Id id{object.api_version, object.kind, object.ns, object.name};
    set.push_back({id, json::parse(yaml::to_json(object.node), id.text())});
    if (id.kind == "Secret" && id.api_version == "v1") settle_secret(set.back().value);
  }
  return set;
}

void mask_secrets(const config::Config &config) {
  const YAML::Node extras = config.node("extraManifests");
  if (extras.size() == 0) return; // all others of the set hold no secret
  try {
    set_of(manifest::render_all(config));
  } catch (const Error &) { // the values are printed all the same
    for (const YAML::Node &one : extras) mask_secrets_in(one);
  }
}

std::vector<manifest::Object> rendered(const config::Config &config,
                                       std::span<const std::string> with) {
  std::vector<std::string> warnings;
  std::vector<manifest::Object> objects = manifest::render_all(config, with, &warnings);
  for (const std::string &warning : warnings) say("warning: " + warning);
  return objects;
}

Linted linted_set(const config::Config &config, const std::vector<std::string> &allow,
                  manifest::ArgumentParser parser) {
  const std::vector<manifest::Object> objects = rendered(config);
  release::Set set = set_of(objects); // before a finding names a Secret's value
  std::string last = stop_at_errors(objects, config, allow, parser);
  return {std::move(set), std::move(last)};
}

std::vector<manifest::Object> objects_of(const release::Set &set) {
  std::vector<manifest::Object> objects;
  for (const auto &[id, value] : set)
    objects.push_back({id.api_version, id.kind, id.ns, id.name, node_of(value)});
  return objects;
}

} // namespace hello::cli
