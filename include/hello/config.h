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

#include <yaml-cpp/yaml.h> // not node.h: it declares inline functions that this defines

/// The settings of the deployer (`render`, `deploy`, …), all from one table. Precedence, highest
/// first: flags, environment, context overlay, files (the last first), default. Maps of names to
/// values merge, `patches` and `extraManifests` append; other lists and maps replace. null removes
/// what lower layers gave. "a" is short for a key "a.name": `namespace: x`, HELLO_NAMESPACE and
/// --set namespace=x mean namespace.name.
namespace hello::config {

enum class Kind { string, integer, boolean, duration, quantity, choice, list, map };

/// What a text must look like.
struct Pattern {
  std::string_view expression = {}; ///< ECMAScript; empty: anything
  std::string_view words = {};      ///< what that is, for "'x' is not a valid …"
  std::string_view (*reason)(std::string_view text) =
      nullptr; ///< why it does not match; may be empty
};

/// The values that a setting takes.
struct Type {
  Kind kind;
  std::int64_t min = 0, max = 0; ///< of an integer or a duration (seconds); max: also of a string
                                 ///< (bytes), where 0 is no limit
  std::string_view unit = {};    ///< of an integer: "seconds", "percent"
  std::string_view choices = {}; ///< of a choice: "annotations|podMonitor|none"
  Pattern pattern = {};          ///< of a string, or of a list's items, which are then all strings
  bool is_stacked = false;       ///< a map whose layers merge, a list whose layers append
  enum class Values { texts, quantities, any } values = Values::texts; ///< of such a map
  bool keeps_default = false;   ///< of such a map: the first layer too merges with the default
  bool is_lines = false;        ///< of a string: may be written as a list of its lines
  std::string_view needed = {}; ///< why null is refused, and what to do; empty: it removes
};

/// One row of the table. File, environment, flags, schema, starter file and `hello config` all come
/// from it.
struct Setting {
  std::string_view key; ///< dotted path in the file: "autoscaling.maxReplicas"
  Type type;
  std::string_view default_value; ///< as in the file; a list or map in YAML flow; empty: none
  std::string_view doc;           ///< one or two sentences
  std::string_view flag = {};     ///< its own flag, beside --set: "--namespace"
};

/// Stands for the image of the running version where it is a default value.
inline constexpr std::string_view kOwnImage = "hello:VERSION";
/// Stands for the release's name in a default value.
inline constexpr std::string_view kReleaseName = "NAME";

/// The table, in the order people read it.
std::span<const Setting> settings();

/// HELLO_AUTOSCALING_MAX_REPLICAS for "autoscaling.maxReplicas". Empty for a key whose variable
/// Kubernetes may set itself while service links are on (HELLO_PORT, HELLO_SERVICE_HOST, …).
std::string environment_name(std::string_view key);

enum class From { default_value, file, context, environment, flag };

/// Where a value came from, for errors and for `hello config`.
struct Origin {
  From from = From::default_value;
  std::string where; ///< "hello.yaml:3:7", "HELLO_IMAGE", "--set image"; empty for a default
};

/// One assignment of the command line.
struct Assignment {
  std::string key;   ///< of the table, or a section ("autoscaling") with a map as its value
  std::string value; ///< literal, typed by the key; a list or map as YAML flow
  std::string where; ///< for errors: "--set replicas", "--namespace"
  enum class How {
    typed,   ///< --set: null removes, unless the key is a text
    literal, ///< --set-string: never null, and no list or map
    file,    ///< --set-file: `value` names the file that holds it
    unset,   ///< --unset: like null in a file
  } how = How::typed;
};

/// What load() reads.
struct Sources {
  std::vector<std::string> files;     ///< --config, in order, "-": stdin; none: ./hello.yaml if
                                      ///< there is one
  std::optional<std::string> context; ///< --context: overlay contexts.NAME, and kubectl's context
  std::vector<Assignment> set;        ///< in order: the last one for a key counts
  std::map<std::string, std::string> environment; ///< only HELLO_… variables
  bool overlays = true;                           ///< false: `context` is only kubectl's
  std::string input;                              ///< what stdin holds, for files named "-"
};

/// One key of a map that merges, or one item of a list that appends.
struct Entry {
  std::string key; ///< empty in a list
  Origin origin;
  int layer = 0; ///< of the sources, from the lowest
};

/// The value of one setting.
struct Value {
  YAML::Node node;
  Origin origin;              ///< of the last layer that changed it
  std::vector<Entry> entries; ///< one for each entry of `node`, if layers stack; none for a default
  /// Assigning a YAML::Node would change what other copies hold.
  void set(const YAML::Node &value, Origin from) { node.reset(value), origin = std::move(from); }
};

/// An overlay of the files.
struct Overlay {
  std::string name;         ///< of contexts.NAME
  std::string kube_context; ///< its key kubeContext; empty: the name
};

/// The effective values. Immutable; a copy is cheap.
class Config {
public:
  Config() = default;
  Config(const Config &) = default;
  Config(Config &&) = default;
  Config &operator=(const Config &) = delete; // YAML::Node's assignment would change the copies

  /// Throws Error(Exit::invalid) at the first mistake, with its place, the reason, and for an
  /// unknown key the nearest known one.
  static Config load(const Sources &sources);

  // `key` must be in the table; a wrong key or type is a std::logic_error. A removed number is 0.
  std::string text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::chrono::seconds duration(std::string_view key) const;
  YAML::Node
  node(std::string_view key) const; ///< any type; borrowed: do not change it (YAML::Clone first)
  bool has(std::string_view key) const;        ///< set, or with a default; and not empty
  bool is_default(std::string_view key) const; ///< has its default, given or not
  const Origin &origin(std::string_view key) const;
  std::span<const Entry> entries(std::string_view key) const;
  /// "hello.yaml:3:7: messages": the beginning of an error about a value.
  std::string place(std::string_view key) const;

  /// The files that were read, with commas between; empty if there was none.
  const std::string &file() const { return file_; }
  /// The value of --context; empty if there was none.
  const std::string &context() const { return context_; }
  /// kubectl's context: contexts.NAME.kubeContext, else NAME, else `kubeContext`, else empty
  /// (kubectl's current one).
  std::string kube_context() const;

  /// All overlays of the files, applied or not.
  const std::vector<Overlay> &overlays() const { return overlays_; }

  /// Warnings for stderr: an unknown HELLO_… variable, a context without an overlay.
  const std::vector<std::string> &warnings() const { return warnings_; }

private:
  friend class Loader;
  std::map<std::string, Value, std::less<>> values_;
  std::string file_, context_;
  std::vector<std::string> warnings_;
  std::vector<Overlay> overlays_;

  const Value &at(std::string_view key) const;
};

/// Every setting with its effective value and its origin, as YAML that loads to the same
/// configuration.
std::string describe(const Config &config);
/// The same as a JSON array of {key, value, from, where}, with {key, from, where} of each entry
/// where layers stack.
std::string describe_json(const Config &config);

/// What the values come from, on one line: "hello.yaml, context prod, HELLO_REPLICAS, --set image",
/// or "defaults".
std::string sources_of(const Config &config);

/// JSON Schema of hello.yaml, draft 7, which editors support. It refuses nothing that load()
/// accepts; docs/configuration.md lists what it lets pass.
std::string schema();

/// A hello.yaml that sets nothing: every setting with its doc and default, commented out.
std::string starter();

} // namespace hello::config
