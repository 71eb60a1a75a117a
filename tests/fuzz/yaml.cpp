// Bytes as a hello.yaml, and as a text in one: what loads is written so that it loads to the same,
// and every text comes back as it was.
#include <cstdlib>
#include <string>
#include <string_view>

#include <yaml-cpp/yaml.h>

#include "hello/error.h"
#include "hello/text.h"
#include "hello/yaml.h"

using namespace hello;

namespace {

void as_document(std::string_view bytes) {
  YAML::Node node;
  std::string json;
  try {
    node.reset(yaml::load(bytes, "fuzz"));
    json = yaml::to_json(node);
  } catch (const Error &) {
    return; // not YAML that we take, or .inf in it
  }
  if (yaml::to_json(yaml::load(yaml::to_yaml(node), "again", {64 << 20, 80, 1'000'000})) != json)
    std::abort();
}

void as_text(std::string_view bytes) {
  if (text::invalid_utf8(bytes) != bytes.npos || bytes.find('\0') != bytes.npos) return;
  YAML::Node map(YAML::NodeType::Map), list(YAML::NodeType::Sequence);
  list.push_back(yaml::string(bytes));
  map.force_insert(yaml::string(bytes), list);
  const YAML::Node back = yaml::load(yaml::to_yaml(map), "text", {64 << 20, 80, 1'000'000});
  if (back.begin()->first.Scalar() != bytes || back.begin()->second[0].Scalar() != bytes)
    std::abort();
  if (yaml::kind_of(back.begin()->second[0]) != yaml::Scalar::string) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char *data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char *>(data), size);
  as_document(bytes);
  as_text(bytes);
  return 0;
}
