#pragma once
#include <cstdint>
#include <string_view>

#include "hello/config.h"

/// Makers of the types of settings, for the rows of settings.cpp.
namespace hello::config {

constexpr Type string(Pattern pattern = {}) { return {.kind = Kind::string, .pattern = pattern}; }
constexpr Type lines_up_to(std::int64_t bytes) {
  return {.kind = Kind::string, .max = bytes, .is_lines = true};
}
constexpr Type integer(std::int64_t min, std::int64_t max, std::string_view unit = {}) {
  return {.kind = Kind::integer, .min = min, .max = max, .unit = unit};
}
constexpr Type boolean() { return {.kind = Kind::boolean}; }
constexpr Type duration(std::int64_t min, std::int64_t max) {
  return {.kind = Kind::duration, .min = min, .max = max};
}
constexpr Type quantity() { return {.kind = Kind::quantity}; }
constexpr Type choice(std::string_view choices) {
  return {.kind = Kind::choice, .choices = choices};
}
constexpr Type list(Pattern pattern = {}) { return {.kind = Kind::list, .pattern = pattern}; }
constexpr Type map() { return {.kind = Kind::map}; }
/// Names to values, whose layers merge.
constexpr Type texts() { return {.kind = Kind::map, .is_stacked = true}; }
constexpr Type quantities() {
  return {.kind = Kind::map, .is_stacked = true, .values = Type::Values::quantities};
}
constexpr Type by_name() {
  return {.kind = Kind::map, .is_stacked = true, .values = Type::Values::any};
}
/// Keys of which each has a default of its own.
constexpr Type each_with_default() {
  Type type = by_name();
  type.keeps_default = true;
  return type;
}
/// A list whose layers append.
constexpr Type appended() { return {.kind = Kind::list, .is_stacked = true}; }
/// A value that null cannot remove: why, and what to do.
constexpr Type needed(Type type, std::string_view why) {
  type.needed = why;
  return type;
}
/// A map with these keys only ("host|paths"), or a list of such maps: the choices of its keys.
constexpr Type with_keys(Type type, std::string_view keys) {
  type.choices = keys;
  return type;
}
constexpr std::string_view kUseDefault = "leave the key out for the default";

} // namespace hello::config
