#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/node/node.h>

/// Everything that can be set for the deployer (`render`, `deploy` and their like), from ONE table of settings.
/// Flags beat environment beats context overlay beats file beats default.
namespace hello::config {

enum class Type { string, integer, boolean, duration, quantity, choice, list, map };

/// One row of the table: file, environment, flag, schema and documentation all come from here.
struct Setting {
  std::string_view key;  ///< dotted path in the file: "autoscaling.maxReplicas"
  Type type;
  std::string_view default_value; ///< as YAML flow; empty: none
  std::string_view unit;          ///< "seconds", "bytes"; may be empty
  std::string_view doc;           ///< one or two sentences, for the schema and the docs
  std::int64_t min = 0, max = 0;  ///< of an integer, a duration (seconds), or a text (bytes); both 0: unbounded
  std::string_view choices = {};  ///< of a choice: "annotations|podMonitor|none"
  std::string_view pattern = {};  ///< of a string: an ECMAScript expression for the schema; checked by code too
  std::string_view flag = {};     ///< own flag, beside --set: "--namespace"
};

/// The table, in the order people read it.
std::span<const Setting> settings();

/// HELLO_AUTOSCALING_MAX_REPLICAS for "autoscaling.maxReplicas". No key maps to HELLO_PORT, HELLO_PORT_*, or
/// HELLO_SERVICE_*: Kubernetes sets those where service links are on.
std::string environment_name(std::string_view key);

enum class From { default_value, file, context, environment, flag };

/// Where a value came from, for errors and for `hello config`.
struct Origin {
  From from = From::default_value;
  std::string where; ///< "hello.yaml:3:7", "HELLO_IMAGE", "--set image"; empty for a default
};

/// What load() reads.
struct Sources {
  std::optional<std::string> file;    ///< --config; none: ./hello.yaml where there is one
  std::optional<std::string> context; ///< --context: overlay contexts.NAME, and kubectl's context
  std::vector<std::pair<std::string, std::string>> set;      ///< --set key=value and own flags, in order
  std::vector<std::pair<std::string, std::string>> set_file; ///< --set-file key=PATH
  std::map<std::string, std::string> environment;            ///< HELLO_… variables alone
};

/// The effective values. Immutable; a copy is cheap.
class Config {
public:
  /// Throws Error(Exit::invalid) at the first wrong thing, with its place, why, and the nearest known key.
  static Config load(const Sources &sources);

  // `key` must be in the table; a wrong key or type is a std::logic_error.
  std::string text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::chrono::seconds duration(std::string_view key) const;
  YAML::Node node(std::string_view key) const; ///< any type; borrowed: do not change it (YAML::Clone first)
  bool has(std::string_view key) const;        ///< set, or with a default that is not empty
  const Origin &origin(std::string_view key) const;

  /// The context's name as the user said it (--context), else empty.
  const std::string &context() const { return context_; }
  /// kubectl's context: contexts.NAME.kubeContext, else NAME, else empty (kubectl's current one).
  const std::string &kube_context() const { return kube_context_; }

private:
  struct Value {
    YAML::Node node;
    Origin origin;
  };
  std::map<std::string, Value, std::less<>> values_;
  std::string context_, kube_context_;
};

} // namespace hello::config
