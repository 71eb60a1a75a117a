#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h> // not node.h: it declares inline functions that this defines

/// Templates change nodes, never text: values are put into the parsed tree, so that none can break
/// out of its place. A template is valid YAML as it stands. What it may say (`$$(` stands for a
/// literal `$(`):
///
///     replicas: $(replicas)            the node of that name, whatever its type; an error if it is
///     not set priorityClassName: $(optional name)    the same; the entry (or list item) is left
///     out if not set or empty image: $(registry)/$(name)       inside a longer scalar, and in
///     keys: always text
///     $(if ingress.tls): {…}           the map's entries are put here if the condition holds
///     - $(if expose=ingress): …        the item, or the items of a list, are put here if it holds
///     - $(for h in hosts): {host: $(h), path: $(h.path)}    the item, or items, once for each of
///     the list `hosts`
///
/// A condition is `NAME` (set, not false, not empty, not 0), `!NAME`, `NAME=TEXT` or `NAME!=TEXT`,
/// or several joined by ` and `. `$(if labels): $(labels)` puts a map's own entries into the one
/// around it. Values are not looked into again.
namespace hello::templates {

/// The node called `name`; null or undefined: known but not set; none: there is no such name.
using Lookup = std::function<std::optional<YAML::Node>(std::string_view name)>;

/// `tree` (loaded from the file `file`, without aliases) with its placeholders filled in: it is
/// changed, and what comes back shares its nodes. Values are copied. Throws Error(Exit::invalid)
/// with the place for a syntax error, an unknown name, a needed value that is not set, a list or
/// map inside text, or a key that comes twice.
YAML::Node instantiate(const YAML::Node &tree, std::string_view file, const Lookup &values);

/// A name that a template uses (not its own loop variables), and where.
struct Use {
  std::string name;
  std::string place; ///< "templates/deployment.yaml:12:9"
};

/// Every use, those under conditions too: what a test holds against the names there are.
/// Throws Error(Exit::invalid) for a syntax error.
std::vector<Use> uses(const YAML::Node &tree, std::string_view file);

} // namespace hello::templates
