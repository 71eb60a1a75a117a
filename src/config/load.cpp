#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <unistd.h>

#include <fmt/core.h>
#include <yaml-cpp/node/iterator.h>
#include <yaml-cpp/yaml.h>

#include "config/environment.h"
#include "config/typed.h"
#include "hello/error.h"
#include "hello/file.h"
#include "hello/nearest.h"
#include "hello/yaml.h"

namespace hello::config {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;

[[noreturn]] void invalid(const std::string &place, const std::string &why) {
  throw Error(Exit::invalid, place + ": " + why);
}

const Setting *row(std::string_view key) {
  for (const Setting &setting : settings())
    if (setting.key == key) return &setting;
  return nullptr;
}

/// The row with that key, or the row "key.name", for which `key` is short.
const Setting *row_or_short(std::string_view key) {
  const Setting *found = row(key);
  return found ? found : row(std::string(key) + ".name");
}

/// The keys of one level: the next part of each path that begins with `prefix` ("" or
/// "autoscaling.").
std::vector<std::string_view> members(std::string_view prefix) {
  std::vector<std::string_view> out;
  for (const Setting &setting : settings()) {
    if (!setting.key.starts_with(prefix)) continue;
    std::string_view next = setting.key.substr(prefix.size());
    next = next.substr(0, next.find('.'));
    if (std::find(out.begin(), out.end(), next) == out.end()) out.push_back(next);
  }
  return out;
}

/// A suggestion for an unknown key: the same word in another section, or a similar one.
std::string hint_for(std::string_view prefix, std::string_view key, bool top_of_file) {
  std::string_view last = key.substr(key.rfind('.') + 1);
  for (const Setting &setting : settings())
    if (setting.key == key || setting.key.ends_with("." + std::string(last)))
      return hint(std::string(setting.key));
  std::vector<std::string_view> known = members(prefix);
  if (top_of_file) known.push_back("contexts");
  if (std::string near = nearest(key, known); !near.empty()) return hint(near);
  std::vector<std::string_view> all;
  for (const Setting &setting : settings()) all.push_back(setting.key);
  return hint(nearest(std::string(prefix) + std::string(key), all));
}

} // namespace

/// Fills a Config from one source after the other; later values replace earlier ones.
class Loader {
public:
  explicit Loader(const Sources &sources) : sources_(sources) {}

  Config load() && {
    for (const Setting &setting : settings())
      config_.values_[std::string(setting.key)].set(default_of(setting), {});
    config_.context_ = sources_.context.value_or("");
    file();
    environment();
    for (const Assignment &assignment : sources_.set) assign(assignment);
    name_defaults();
    return std::move(config_);
  }

private:
  /// Defaults that have the release's name in them, once it is known.
  void name_defaults() {
    const std::string release = config_.text("name");
    if (release == names::kDefault) return;
    for (const Setting &setting : settings())
      if (setting.default_value.find(kReleaseName) != std::string_view::npos)
        if (Config::Value &value = config_.values_.find(setting.key)->second;
            value.origin.from == From::default_value)
          value.set(default_of(setting, release), {});
  }

  /// The bytes of a file, or of stdin for "-". `where` asks for it.
  std::string read(const std::string &path, const std::string &where) {
    if (path.empty()) throw Error(Exit::usage, where + " names no file: its value is empty");
    if (path == "-") return sources_.input;
    if (where == "--config" && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
      throw Error(Exit::invalid, fmt::format("cannot read {}: No such file or directory", path),
                  fmt::format("hello init {} writes one", path));
    return sys::read_file(path, kFileLimit, Exit::invalid);
  }

  void file() {
    std::string name = sources_.file.value_or("hello.yaml");
    if (!sources_.file && ::access(name.c_str(), F_OK) != 0 && errno == ENOENT)
      return overlay({}, name);
    const std::string bytes = read(name, "--config");
    if (name == "-") name = "stdin";
    YAML::Node tree = yaml::load(bytes, name);
    config_.file_ = name;
    if (!tree.IsNull() && !tree.IsMap())
      invalid(yaml::place(tree, name), "the file must be a map of keys");
    YAML::Node contexts;
    apply(tree, "", name, From::file, &contexts);
    overlay(contexts, name);
  }

  /// Checks every overlay and applies the chosen one.
  void overlay(const YAML::Node &contexts, const std::string &name) {
    if (!contexts.IsNull() && !contexts.IsMap())
      invalid(yaml::place(contexts, name), "contexts must be a map of overlays");
    bool found = false;
    std::vector<std::string_view> names;
    for (auto entry : contexts) {
      const std::string &context = entry.first.Scalar();
      names.push_back(context);
      config_.overlays_.push_back({context, yaml::text(entry.second, "kubeContext")});
      if (entry.second.IsNull()) {
        found = found || context == sources_.context;
        continue;
      }
      if (!entry.second.IsMap())
        invalid(yaml::place(entry.second, name), "contexts." + context + " must be a map of keys");
      checking_ = context != sources_.context || !sources_.overlays;
      found = found || !checking_;
      apply(entry.second, "", name, From::context);
      checking_ = false;
    }
    if (sources_.context && sources_.overlays && !found && !names.empty())
      config_.warnings_.push_back(fmt::format("{} has no contexts.{}{}: no overlay is applied",
                                              name, *sources_.context,
                                              hint(nearest(*sources_.context, names))));
  }

  /// Applies the keys of one map of a file. `contexts` receives the value of that key; null where
  /// the key is not allowed.
  void apply(const YAML::Node &map, const std::string &prefix, const std::string &name, From from,
             YAML::Node *contexts = nullptr) {
    for (auto entry : map) {
      const YAML::Node &key = entry.first, &value = entry.second;
      std::string path = prefix + key.Scalar();
      if (contexts && path == "contexts") {
        contexts->reset(value);
      } else if (const Setting *setting =
                     value.IsMap() || value.IsNull() ? row(path) : row_or_short(path)) {
        Origin origin{from, yaml::place(key, name)};
        put(*setting, std::move(origin), yaml::place(value.IsNull() ? key : value, name),
            [&] { return from_node(*setting, value); });
      } else if (members(path + ".").empty()) {
        invalid(yaml::place(key, name),
                fmt::format("unknown key '{}'{}", path, hint_for(prefix, key.Scalar(), contexts)));
      } else if (value.IsMap()) {
        apply(value, path + ".", name, from);
      } else if (!value.IsNull()) {
        std::vector<std::string_view> known = members(path + ".");
        invalid(yaml::place(value, name), fmt::format("{} has keys of its own: {}{}", path,
                                                      known[0], known.size() > 1 ? ", …" : ""));
      }
    }
  }

  void environment() {
    for (const auto &[name, value] : sources_.environment) {
      const Setting *setting = nullptr;
      for (const Setting &candidate : settings()) {
        if (environment_name(candidate.key) == name) setting = &candidate;
        if (candidate.key.ends_with(".name") && !setting &&
            environment_name(candidate.key.substr(0, candidate.key.size() - 5)) == name)
          setting = &candidate;
      }
      if (is_service_link(name, value) || name == "HELLO_CONFIG" || name == "HELLO_CONTEXT")
        continue;
      if (setting) {
        put(*setting, {From::environment, name}, name,
            [&, text = value, where = name] { return from_text(*setting, text, where); });
      } else if (std::string warning = unknown_variable(name, value); !warning.empty()) {
        config_.warnings_.push_back(std::move(warning));
      }
    }
  }

  void assign(const Assignment &assignment) {
    const auto &[key, value, where, is_path] = assignment;
    std::string text = is_path ? read(value, where) : value;
    std::string place = is_path ? fmt::format("{} ({})", where, value) : where;
    if (const Setting *setting = row_or_short(key))
      return put(*setting, {From::flag, where}, place,
                 [&] { return from_text(*setting, text, place); });
    if (members(key + ".").empty())
      invalid(where, fmt::format("unknown key '{}'{}", key, hint_for("", key, false)));
    YAML::Node tree = yaml::load(text, place);
    if (!tree.IsMap()) invalid(place, key + " has keys of its own: {key: value}");
    apply(tree, key + ".", place, From::flag);
  }

  template <class Make>
  void put(const Setting &setting, Origin origin, const std::string &place, Make make) {
    try {
      YAML::Node value = make();
      if (!checking_) config_.values_.find(setting.key)->second.set(value, std::move(origin));
    } catch (const std::invalid_argument &error) {
      invalid(place, fmt::format("{}: {}", setting.key, error.what()));
    }
  }

  const Sources &sources_;
  Config config_;
  bool checking_ = false; ///< set for the overlay of another context, whose values are not kept
};

Config Config::load(const Sources &sources) { return Loader(sources).load(); }

} // namespace hello::config
