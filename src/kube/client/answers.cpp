#include "kube/client/answers.h"

#include <fmt/core.h>

#include "hello/kinds.h"
#include "hello/text.h"

namespace hello::kube {
namespace {

json::Limits limits(std::string_view without = {}) {
  return {.bytes = 256 << 20, .depth = 200, .values = 20'000'000, .without = without};
}

[[noreturn]] void refuse(std::string_view json, std::string_view name) {
  throw Error(Exit::cluster,
              fmt::format("{} is not a Kubernetes object: {}", name,
                          text::first_line(json.substr(0, json.find_first_of("\r\n", 200)))),
              "is an API server at the address that 'kubectl config view --minify' shows, and the "
              "kubectl in PATH, or in KUBECTL, really kubectl?");
}

/// Kinds that are made for other objects, or only shown.
bool derived(std::string_view resource) {
  return resource == "events" || resource.starts_with("events.") || resource == "endpoints" ||
         resource.starts_with("endpointslices.") ||
         resource.find("metrics.k8s.io") != std::string_view::npos;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : text::split(line, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

/// ".apps"; empty for the core group.
std::string dotted(std::string_view group) { return group.empty() ? "" : "." + std::string(group); }

constexpr std::int64_t kOldestMinor = 29;

} // namespace

std::string too_old(std::string_view version) try {
  const json::Value whole = json::parse(version, "version");
  const json::Value &client = whole.at("clientVersion");
  const std::string minor = client.text("minor"); // "24", or "24+"
  const auto number = text::integer(minor.substr(0, minor.find_first_not_of("0123456789")));
  return number && client.text("major") == "1" && *number < kOldestMinor ? client.text("gitVersion")
                                                                         : "";
} catch (const Error &) {
  return "";
}

Id id_of(const json::Value &object) {
  Id id{object.text("apiVersion"), object.text("kind"), object.text("metadata", "namespace"),
        object.text("metadata", "name")};
  // The API server ignores a namespace there.
  for (const kinds::Kind &known : kinds::all())
    if (known.name == id.kind && known.is(kinds::Kind::cluster_wide) &&
        kinds::group(known.api_version) == kinds::group(id.api_version))
      id.ns.clear();
  return id;
}

json::Value object_of(std::string_view json, std::string_view name, std::string_view without) {
  json::Value value;
  try {
    value = json::parse(json, name, limits(without));
  } catch (const Error &) { // reported below
  }
  if (!value.is_object()) refuse(json, name);
  return value;
}

json::Value kubernetes_object_of(std::string_view json, std::string_view name) {
  json::Value value = object_of(json, name);
  if (value.text("kind").empty()) refuse(json, name);
  return value;
}

std::vector<Object> objects_of(std::string_view json) {
  std::vector<Object> objects;
  if (json.empty()) return objects;
  const auto add = [&](json::Value value) { objects.push_back({id_of(value), std::move(value)}); };
  json::Value answer = kubernetes_object_of(json, "kubectl's answer");
  if (answer.text("kind") != "List") {
    add(std::move(answer));
    return objects;
  }
  for (const json::Value &item : answer.at("items").items()) add(item);
  return objects;
}

void for_each_item(std::string_view json, std::string_view name, const TakeValue &take,
                   std::string_view without) try {
  json::Reader reader(json, name, limits(without));
  if (reader.peek() != json::Kind::object) refuse(json, name);
  reader.enter(json::Kind::object);
  bool list = false;
  for (std::string_view key; reader.next(key);) {
    list |= key == "items"; // null where there are none
    if (key != "items" || reader.peek() != json::Kind::array) {
      reader.skip();
      continue;
    }
    reader.enter(json::Kind::array);
    while (reader.next()) take(reader.value());
  }
  reader.end();
  if (!list) refuse(json, name);
} catch (const Error &error) {
  if (error.code() != Exit::invalid) throw;
  refuse(json, name);
}

std::string list_version(std::string_view json, std::string_view name) try {
  json::Reader reader(json, name, limits());
  if (!reader.enter(json::Kind::object)) return "0";
  for (std::string_view key; reader.next(key);) {
    if (key == "metadata") { // Kubernetes writes it before the items
      std::string version = reader.value().text("resourceVersion");
      return version.empty() ? "0" : version;
    }
    reader.skip();
  }
  return "0";
} catch (const Error &) {
  return "0"; // whoever reads the items will say so
}

Resources resources_of(std::string_view table) {
  Resources known;
  for (const std::string_view line : text::lines(table)) {
    const auto words = words_of(line); // NAME, perhaps SHORTNAMES, APIVERSION NAMESPACED KIND
    if (words.size() < 4 || words[words.size() - 2] != "true") continue;
    const std::string group = dotted(kinds::group(words[words.size() - 3]));
    known.namespaced.insert(std::string(words.back()) + group);
    const std::string name = std::string(words.front()) + group;
    if (!derived(name)) known.listable += (known.listable.empty() ? "" : ",") + name;
  }
  return known;
}

std::vector<Occupant> occupants_of(std::string_view rows, const Resources &known) {
  std::vector<Occupant> found;
  for (const std::string_view line : text::lines(rows)) {
    const auto words = words_of(line);
    if (words.size() != 7) continue;
    Occupant one{std::string(kinds::group(words[0])), std::string(words[1]), std::string(words[2]),
                 std::string(words[3])};
    const auto uids = text::split(words[4], ','), versions = text::split(words[5], ','),
               kinds = text::split(words[6], ',');
    for (std::size_t i = 0; words[4] != "<none>" && i < uids.size(); ++i) {
      one.owners.emplace_back(uids[i]);
      if (i >= versions.size() || i >= kinds.size() ||
          !known.namespaced.count(std::string(kinds[i]) + dotted(kinds::group(versions[i]))))
        one.owned_outside = true;
    }
    found.push_back(std::move(one));
  }
  return found;
}

} // namespace hello::kube
