#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace hello::manifest {

/// What is wrong with a value that must meet a demand of src/manifest/limits.txt (min=1, label,
/// one=a|b, …); empty: nothing.
std::string format_mistake(const std::string &value, std::string_view demand);

/// Whether amounts of a resource are whole: pods, and resources of others' domains.
bool is_counted(std::string_view resource);

// What is wrong with several fields that a row of src/manifest/limits.txt names; empty: nothing.

/// Whether one of the terms holds. A term is "field=VALUE|VALUE", "field!=VALUE", "field=~FORM" or
/// "field"; + separates terms, and "a/b,c" stands for a/b and a/c.
bool is_held(const YAML::Node &node, std::string_view terms);

/// "A>B": where a term of A holds, one of B must.
std::string implied_mistake(const YAML::Node &node, std::string_view demands);

/// "a|b|c": no amount in the map a is above that of the same name in b or c, nor one in b.
std::string order_mistake(const YAML::Node &node, std::string_view names);

/// A list as a whole: most=3, named, ascending, unique=FIELD.
std::string list_mistake(const YAML::Node &list, std::string_view demand);

/// The values at a path such as "template/spec/restartPolicy"; of lists, those of each item, and *
/// is each entry of a map. Null is none.
std::vector<YAML::Node> at_path(const YAML::Node &node, std::string_view path);

/// A schedule as a CronJob takes it. Source: robfig/cron, ParseStandard
bool is_cron(std::string_view schedule);

} // namespace hello::manifest
