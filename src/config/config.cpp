#include "hello/config.h"

#include <stdexcept>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "config/typed.h"
#include "hello/text.h"
#include "hello/yaml.h"

namespace hello::config {

const Value &Config::at(std::string_view key) const {
  auto found = values_.find(key);
  if (found == values_.end()) throw std::logic_error(fmt::format("no setting '{}'", key));
  return found->second;
}

std::string Config::text(std::string_view key) const {
  const YAML::Node &node = at(key).node;
  if (node.IsNull()) return {};
  if (!node.IsScalar()) throw std::logic_error(fmt::format("setting '{}' is no scalar", key));
  return node.Scalar();
}

std::int64_t Config::integer(std::string_view key) const {
  const std::string digits = text(key);
  const auto value = text::integer(digits.empty() ? "0" : digits);
  if (!value) throw std::logic_error(fmt::format("setting '{}' is no integer", key));
  return *value;
}

bool Config::boolean(std::string_view key) const {
  std::string word = text(key);
  if (word != "true" && word != "false")
    throw std::logic_error(fmt::format("setting '{}' is no boolean", key));
  return word == "true";
}

std::chrono::seconds Config::duration(std::string_view key) const {
  return std::chrono::seconds(integer(key));
}

YAML::Node Config::node(std::string_view key) const { return at(key).node; }

bool Config::has(std::string_view key) const {
  const YAML::Node &node = at(key).node;
  return node.IsScalar() ? !node.Scalar().empty() : !node.IsNull() && node.size() > 0;
}

bool Config::is_default(std::string_view key) const {
  if (at(key).origin.from == From::default_value) return true;
  for (const Setting &setting : settings())
    if (setting.key == key)
      return yaml::to_json(node(key)) == yaml::to_json(default_of(setting, text("name")));
  return false;
}

const Origin &Config::origin(std::string_view key) const { return at(key).origin; }

std::span<const Entry> Config::entries(std::string_view key) const { return at(key).entries; }

std::string Config::kube_context() const {
  const Value &own = at("kubeContext");
  bool beats =
      own.origin.from == From::flag || (own.origin.from == From::context && has("kubeContext"));
  return context_.empty() || beats ? text("kubeContext") : context_;
}

std::string Config::place(std::string_view key) const {
  const std::string &where = at(key).origin.where;
  return where.empty() ? std::string(key) : where + ": " + std::string(key);
}

} // namespace hello::config
