#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hello/json.h"

/// Fields as managedFields has them, for the fake API server.
namespace hello::test {

/// The way to a field: {"f:spec", "f:containers", "k:{\"name\":\"hello\"}", "f:image"}.
using FieldPath = std::vector<std::string>;
using FieldPaths = std::set<FieldPath>;

/// The fields that an object sets, but for those that name it. Lists are keyed by name where all
/// items have one, and one field otherwise.
FieldPaths fields_of(const json::Value &object);

/// As fieldsV1, and back.
json::Value tree_of(const FieldPaths &fields);
FieldPaths fields_of_tree(const json::Value &tree);

/// The field's value; null if the object has none.
const json::Value *find_field(const json::Value &object, const FieldPath &path);
void set_field(json::Value &object, const FieldPath &path, const json::Value &value);
/// Removes the field, and what becomes empty.
void erase_field(json::Value &object, const FieldPath &path);

/// `.spec.containers[name="hello"].image`, as the API server names it in a conflict.
std::string words_of(const FieldPath &path);

} // namespace hello::test
