#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h> // not node.h: it declares inline functions that this defines

#include "hello/error.h"

/// Templates change nodes, never text: values are put into the parsed tree, so that none can break
/// out of its place. A template is valid YAML. It may contain (`$$(` stands for a literal `$(`):
///
///     replicas: $(replicas)         the node of that name, of any type; an error if it is not set
///     class: $(optional class)      the same, but the entry or item is left out if it is not set
///     image: $(registry)/$(name)    inside a longer scalar, and in keys: always a string
///     $(if ingress.tls): {…}        the entries of the map, if the condition holds
///     - $(if expose=ingress): …     the item, or the items of the list, if the condition holds
///     - $(for h in hosts): …        the item, or the items, once for each item of the list
///     `hosts`;
///                                   in it, $(h) is the item and $(h.path) a member of it
///
/// A condition is `NAME` (set, not false, not empty, not 0), `!NAME`, `NAME=TEXT` or `NAME!=TEXT`,
/// or several joined by ` and `. `$(if labels): $(labels)` puts a map's own entries into the map
/// around it. Placeholders in values are not replaced.
namespace hello::templates {

/// A value that was put into a template, and the node that holds it there. Items and entries that
/// were put into a list or map around them have records of their own.
struct Filled {
  std::string name; ///< of the value; of a loop's variable, of its list
  YAML::Node node;
};

/// Returns the node called `name`: null or undefined if it is not set, none if the name is unknown.
using Lookup = std::function<std::optional<YAML::Node>(std::string_view name)>;

/// A key that is in a map already.
struct Twice : Error {
  Twice(const std::string &text, std::string from, std::string which)
      : Error(Exit::invalid, text), name(std::move(from)), key(std::move(which)) {}
  std::string name; ///< of the value that brought it
  std::string key;
};

/// Fills in the placeholders of `tree`, which comes from the file `file` and has no aliases. The
/// tree is changed, and the result shares its nodes; values are copied. Throws Error(Exit::invalid)
/// with the place for a syntax error, an unknown name, a required value that is not set, a list or
/// map inside a string, and Twice for a duplicate key. `filled` receives what was put in.
YAML::Node instantiate(const YAML::Node &tree, std::string_view file, const Lookup &values,
                       std::vector<Filled> *filled = nullptr);

/// A name that a template uses, and where. Loop variables do not count.
struct Use {
  std::string name;
  std::string place; ///< "templates/deployment.yaml:12:9"
};

/// All uses, with those under conditions. A test compares them with the known names.
/// Throws Error(Exit::invalid) for a syntax error.
std::vector<Use> uses(const YAML::Node &tree, std::string_view file);

} // namespace hello::templates
