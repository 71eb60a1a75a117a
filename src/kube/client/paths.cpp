#include "kube/client/paths.h"

#include <fmt/core.h>

#include "hello/text.h"

namespace hello::kube {

std::string plural(std::string_view kind) {
  std::string word = text::lower(kind);
  if (word == "endpoints") return word;
  if (word == "podmetrics") return "pods"; // metrics.k8s.io
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

std::string resource_path(std::string_view api_version, std::string_view resource,
                          std::string_view ns) {
  return group_path(api_version) + (ns.empty() ? "" : fmt::format("/namespaces/{}", ns)) + "/" +
         std::string(resource);
}

std::string collection_path(std::string_view api_version, std::string_view kind,
                            std::string_view ns) {
  return resource_path(api_version, plural(kind), ns);
}

std::string object_path(const Id &id) {
  return collection_path(id.api_version, id.kind, id.ns) + "/" + id.name;
}

std::string query_path(const Collection &collection) {
  std::string path = collection_path(collection.api_version, collection.kind, collection.ns);
  char separator = '?';
  for (const auto &[name, selector] : {std::pair("labelSelector", &collection.labels),
                                       std::pair("fieldSelector", &collection.fields)})
    if (!selector->empty()) {
      path += fmt::format("{}{}={}", separator, name, text::percent_encoded(*selector));
      separator = '&';
    }
  return path;
}

} // namespace hello::kube
