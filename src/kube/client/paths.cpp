#include <fmt/core.h>

#include "hello/kube.h"
#include "hello/yaml.h"

namespace hello::kube {
namespace {

std::string plural(std::string_view kind) {
  std::string word;
  for (const char c : kind) word += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (word == "endpoints") return word;
  if (word.ends_with("s") || word.ends_with("x") || word.ends_with("ch") || word.ends_with("sh"))
    return word + "es";
  if (word.ends_with("y") && word.size() > 1 &&
      std::string_view("aeiou").find(word[word.size() - 2]) == std::string::npos)
    return word.substr(0, word.size() - 1) + "ies";
  return word + "s";
}

std::string group_path(std::string_view api_version) {
  return (api_version.find('/') == std::string_view::npos ? "/api/" : "/apis/") +
         std::string(api_version);
}

std::string path_of(std::string_view api_version, std::string_view resource, std::string_view ns) {
  return group_path(api_version) + (ns.empty() ? "" : fmt::format("/namespaces/{}", ns)) + "/" +
         std::string(resource);
}

/// The plural as the cluster's discovery has it; empty if it knows no such kind.
std::string discover(Cluster &cluster, const Id &id) {
  const Reply reply = cluster.get(group_path(id.api_version));
  if (!reply.ok()) return "";
  for (const YAML::Node &resource :
       yaml::items(yaml::at(parse(reply.body, "discovery"), "resources"))) {
    const auto name = yaml::text(resource, "name");
    if (yaml::text(resource, "kind") == id.kind && name.find('/') == std::string::npos) return name;
  }
  return "";
}

} // namespace

YAML::Node parse(std::string_view json, std::string_view name) {
  YAML::Node node;
  try {
    node.reset(
        yaml::load(json, name, {.bytes = sys::kLargestOutput, .depth = 200, .nodes = 20'000'000}));
  } catch (const Error &) { // said below
  }
  if (!node.IsMap())
    throw Error(Exit::cluster,
                fmt::format("{} is no JSON object: {}", name,
                            json.substr(0, json.substr(0, 200).find('\n'))),
                "is it kubectl that is in PATH, or in KUBECTL?");
  return node;
}

std::string query_value(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
        c == '.' || c == '_')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

Id id_of(const YAML::Node &object) {
  const YAML::Node meta = yaml::at(object, "metadata");
  return {yaml::text(object, "apiVersion"), yaml::text(object, "kind"),
          yaml::text(meta, "namespace"), yaml::text(meta, "name")};
}

std::string collection_path(std::string_view api_version, std::string_view kind,
                            std::string_view ns) {
  return path_of(api_version, plural(kind), ns);
}

YAML::Node read(Cluster &cluster, const Id &id, bool *denied) {
  Reply reply = cluster.get(object_path(id));
  if (reply.status == 404 && reply.body.find("\"details\":{\"name\"") == std::string::npos) {
    const std::string found =
        discover(cluster, id); // not "no such object" but "no such resource": the guess was wrong
    if (found.empty()) return YAML::Node();
    reply = cluster.get(path_of(id.api_version, found, id.ns) + "/" + id.name);
  }
  if (denied) *denied = reply.status == 403;
  if (reply.status == 404 || (reply.status == 403 && id.kind == "Namespace")) return YAML::Node();
  if (!reply.ok()) throw explain(reply, "read " + id.text(), cluster.access());
  return parse(reply.body, id.text());
}

} // namespace hello::kube
