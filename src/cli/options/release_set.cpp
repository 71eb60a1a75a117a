#include "cli/options/release_set.h"

#include "hello/json.h"
#include "hello/yaml.h"

namespace hello::cli {

release::Set set_of(std::span<const manifest::Object> objects) {
  release::Set set;
  for (const manifest::Object &object : objects) {
    const kube::Id id{object.api_version, object.kind, object.ns, object.name};
    set.push_back({id, json::parse(yaml::to_json(object.node), id.text())});
  }
  return set;
}

std::vector<manifest::Object> objects_of(const release::Set &set) {
  constexpr yaml::Limits limits{.bytes = 16 << 20, .depth = 200, .nodes = 2'000'000};
  std::vector<manifest::Object> objects;
  for (const auto &[id, value] : set)
    objects.push_back({id.api_version, id.kind, id.ns, id.name,
                       yaml::load(json::to_text(value), id.text(), limits)});
  return objects;
}

} // namespace hello::cli
