#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <unistd.h>

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include "config/environment.h"
#include "config/layers.h"
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
  const std::string last = fmt::format(".{}", key.substr(key.rfind('.') + 1));
  for (const std::string_view section : {prefix, std::string_view()})
    for (const Setting &setting : settings())
      if (setting.key == key || (setting.key.starts_with(section) && setting.key.ends_with(last)))
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
    files();
    ++layer_;
    environment();
    for (const Assignment &assignment : sources_.set) {
      ++layer_;
      assign(assignment);
    }
    name_defaults();
    old_log_forms();
    replace_extras(config_.values_.find("extraManifests")->second, config_.text("namespace.name"));
    return std::move(config_);
  }

private:
  /// Defaults that have the release's name in them, once it is known.
  void name_defaults() {
    const std::string release = config_.text("name");
    if (release == names::kDefault) return;
    for (const Setting &setting : settings())
      if (setting.default_value.find(kReleaseName) != std::string_view::npos)
        if (Value &value = config_.values_.find(setting.key)->second;
            value.origin.from == From::default_value)
          value.set(default_of(setting, release), {});
  }

  void old_log_forms() {
    const std::string word = config_.text("logging.access"),
                      place = config_.place("logging.access");
    if (replace_log_form(config_.values_.find("logging.access")->second,
                         config_.values_.find("logging.format")->second))
      config_.warnings_.push_back(place + ": " + word +
                                  " is an old form: write access: on, format: " + word);
  }

  /// The bytes of a file, or of stdin for "-". `where` asks for it.
  std::string read(const std::string &path, const std::string &where) {
    if (path.empty()) throw Error(Exit::usage, where + " is empty: name a file, or - for stdin");
    if (path == "-") return sources_.input;
    if (where == "--config" && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
      throw Error(Exit::invalid, fmt::format("cannot read {}: No such file or directory", path),
                  fmt::format("run 'hello init {}' to write one", path));
    return sys::read_file(path, kFileLimit, Exit::invalid);
  }

  /// The overlays of one file.
  struct Overlays {
    YAML::Node map; ///< null if it has none
    std::string file;
  };

  void files() {
    std::vector<std::string> names = sources_.files;
    if (names.empty() && (::access("hello.yaml", F_OK) == 0 || errno != ENOENT))
      names.push_back("hello.yaml");
    std::vector<Overlays> all;
    all.reserve(names.size());
    for (const std::string &name : names) all.push_back(file(name));
    std::vector<std::string_view> contexts;
    bool found = false;
    for (const Overlays &one : all) {
      ++layer_;
      if (overlay(one, contexts)) found = true;
    }
    if (sources_.context && sources_.overlays && !found && !contexts.empty())
      config_.warnings_.push_back(
          fmt::format("no contexts.{}{} in {}: no overlay is applied", *sources_.context,
                      hint(nearest(*sources_.context, contexts)), config_.file_));
  }

  Overlays file(std::string name) {
    const std::string bytes = read(name, "--config");
    if (name == "-") name = "stdin";
    YAML::Node tree = yaml::load(bytes, name);
    if (!config_.file_.empty()) config_.file_ += ", ";
    config_.file_ += name;
    if (!tree.IsNull() && !tree.IsMap())
      invalid(yaml::place(tree, name), "the file must be a map of keys: lines of 'key: value'");
    ++layer_;
    Overlays overlays{{}, name};
    apply(tree, "", name, From::file, &overlays.map);
    return overlays;
  }

  void note_overlay(const std::string &context, const YAML::Node &keys) {
    const std::string kube_context = yaml::text(keys, "kubeContext");
    for (Overlay &known : config_.overlays_)
      if (known.name == context) {
        if (!kube_context.empty()) known.kube_context = kube_context;
        return;
      }
    config_.overlays_.push_back({context, kube_context});
  }

  /// Checks every overlay of a file and applies the chosen one. Returns whether there is that one.
  bool overlay(const Overlays &overlays, std::vector<std::string_view> &names) {
    const auto &[contexts, name] = overlays;
    if (!contexts.IsNull() && !contexts.IsMap())
      invalid(yaml::place(contexts, name), "contexts must be a map of overlays");
    bool found = false;
    for (auto entry : contexts) {
      const std::string &context = entry.first.Scalar();
      names.push_back(context);
      note_overlay(context, entry.second);
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
    return found;
  }

  /// Applies the keys of one map of a file. `contexts` receives the value of that key; null where
  /// the key is not allowed. Keys of a whole file or overlay that begin with x- are the user's own.
  void apply(const YAML::Node &map, const std::string &prefix, const std::string &name, From from,
             YAML::Node *contexts = nullptr) {
    for (auto entry : map) {
      const YAML::Node &key = entry.first, &value = entry.second;
      std::string path = prefix + key.Scalar();
      if (contexts && path == "contexts") {
        contexts->reset(value);
      } else if (path.starts_with("x-")) { // no section begins so
        continue;
      } else if (const Setting *setting =
                     value.IsMap() || value.IsNull() ? row(path) : row_or_short(path)) {
        if (key.Scalar().find('.') != std::string::npos)
          config_.warnings_.push_back(
              fmt::format("{}: '{}': write a.b: c as a: {{b: c}}; 0.3 refuses keys with dots",
                          yaml::place(key, name), path));
        put(*setting, {{}, {from, yaml::place(key, name)}, name, layer_},
            yaml::place(value.IsNull() ? key : value, name),
            [&] { return from_node(*setting, value); });
      } else if (members(path + ".").empty()) {
        invalid(yaml::place(key, name),
                fmt::format("unknown key '{}'{}", path, hint_for(prefix, key.Scalar(), contexts)));
      } else if (value.IsMap()) {
        apply(value, path + ".", name, from);
      } else if (!value.IsNull()) {
        invalid(yaml::place(value, name), has_keys(path));
      }
    }
  }

  /// Why a section takes no single value.
  static std::string has_keys(const std::string &section) {
    const std::vector<std::string_view> known = members(section + ".");
    return fmt::format("{} has keys of its own: {}{}", section, known[0],
                       known.size() > 1 ? ", …" : "");
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
        put(*setting, {{}, {From::environment, name}, {}, layer_}, name,
            [&, text = value, where = name] { return from_text(*setting, text, where); });
      } else if (std::string warning = unknown_variable(name, value); !warning.empty()) {
        config_.warnings_.push_back(std::move(warning));
      }
    }
  }

  /// The text of the assignment, from its file if it names one.
  std::string text_of(const Assignment &assignment) {
    if (assignment.how != Assignment::How::file) return assignment.value;
    std::string text = read(assignment.value, assignment.where);
    if (assignment.key == "messages") return text;
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    if (!text.ends_with('\n')) return text;
    text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
  }

  void assign(const Assignment &assignment) {
    const auto &[key, value, where, how] = assignment;
    const std::string text = text_of(assignment);
    const std::string place =
        how == Assignment::How::file ? fmt::format("{} ({})", where, value) : where;
    const Layer layer{{}, {From::flag, where}, {}, layer_};
    const bool is_section = how != Assignment::How::literal && text.starts_with('{');
    const Setting *setting = is_section ? row(key) : row_or_short(key);
    if (how == Assignment::How::unset && setting)
      return put(*setting, layer, place, [] { return YAML::Node(); });
    if (how == Assignment::How::literal && setting)
      return put(*setting, layer, place, [&] { return from_literal(*setting, text); });
    if (setting)
      return put(*setting, layer, place, [&] { return from_text(*setting, text, place); });
    if (assign_entry(assignment, text, place, layer)) return;
    if (members(key + ".").empty())
      invalid(where, fmt::format("unknown key '{}'{}", key, hint_for("", key, false)));
    if (how != Assignment::How::typed && how != Assignment::How::file)
      invalid(place, has_keys(key));
    YAML::Node tree = yaml::load(text, place);
    if (!tree.IsMap()) invalid(place, key + " has keys of its own: {key: value}");
    apply(tree, key + ".", place, From::flag);
  }

  /// Sets one entry of a map that merges: labels.team. Returns whether the key names one.
  bool assign_entry(const Assignment &assignment, const std::string &text, const std::string &place,
                    Layer layer) {
    for (const Setting &setting : settings()) {
      const std::string_view key = assignment.key;
      if (setting.type.kind != Kind::map || !setting.type.is_stacked ||
          !key.starts_with(setting.key) || key.size() < setting.key.size() + 2 ||
          key[setting.key.size()] != '.')
        continue;
      layer.whole = false;
      put(setting, std::move(layer), place, [&] {
        YAML::Node value;
        const std::string inside(key.substr(setting.key.size() + 1));
        if (assignment.how == Assignment::How::literal)
          value.reset(yaml::string(text));
        else if (assignment.how != Assignment::How::unset)
          value.reset(entry_from_text(setting, inside, text, place));
        return from_node(setting, entry_of(setting, inside, value));
      });
      return true;
    }
    return false;
  }

  /// `make` returns the value; `layer` says what else there is to know about it.
  template <class Make>
  void put(const Setting &setting, Layer layer, const std::string &place, Make make) {
    try {
      layer.node.reset(make());
      if (layer.node.IsNull()) check_removal(setting);
    } catch (const std::invalid_argument &error) {
      // A flag and a variable name their setting; a place in a file does not.
      const std::string key = layer.file.empty() ? "" : std::string(setting.key) + ": ";
      invalid(place, key + error.what());
    }
    if (!checking_) store(setting, layer);
  }

  void store(const Setting &setting, const Layer &layer) {
    Value &value = config_.values_.find(setting.key)->second;
    const Kind kind = setting.type.kind;
    if (setting.type.is_stacked) {
      if (std::string warning = stack(setting, value, layer); !warning.empty())
        config_.warnings_.push_back(std::move(warning));
    } else if (layer.node.IsNull() && (kind == Kind::list || kind == Kind::map)) {
      value.set(YAML::Node(kind == Kind::list ? YAML::NodeType::Sequence : YAML::NodeType::Map),
                layer.origin);
    } else {
      value.set(layer.node, layer.origin);
    }
  }

  const Sources &sources_;
  Config config_;
  int layer_ = 0;         ///< the number of the current one
  bool checking_ = false; ///< set for the overlay of another context, whose values are not kept
};

Config Config::load(const Sources &sources) { return Loader(sources).load(); }

} // namespace hello::config
