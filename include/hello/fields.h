#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "hello/json.h"

/// Objects of the API field by field: how two differ, and who owns what.
namespace hello::kube {

/// A field that differs.
struct Change {
  std::string path;          ///< "spec.template.spec.containers[hello].image"
  std::string before, after; ///< JSON on one line, or a string as it is; empty: not there
  bool text = false;         ///< both are strings of several lines: show them as text
  bool given_up = false;     ///< the set no longer has it, and the server keeps it as it is
};

/// In the place of a Secret's value.
inline constexpr std::string_view kHidden = "(changed)";

/// What differs between two objects, leaving out what the server keeps for itself (status,
/// managedFields, resourceVersion, uid, generation, creationTimestamp, …). List items are matched
/// by name where all have one. Of a Secret's data and annotations, values are kHidden.
std::vector<Change> changes(const json::Value &before, const json::Value &after);

/// The fields that `manager` holds by server-side apply, as text for comparison; empty if it has
/// applied nothing.
std::string ownership(const json::Value &object, std::string_view manager);

/// The part of a live object that `manager` holds by server-side apply, ready to be applied again:
/// the way back to it; and what it holds in `later`, the same object after an apply that may have
/// taken fields from others. If it holds nothing, no more than what names the object: applying that
/// lets go of all. Source: structured-merge-diff, fieldpath serialisation ("f:", "k:", "v:", ".").
json::Value owned(const json::Value &object, std::string_view manager,
                  const json::Value &later = {});

/// Who holds a field: its managers' names, with "name (Update, subresource scale)" reduced to the
/// name. `path` is as managedFields has it: {"f:spec", "f:replicas"}.
std::vector<std::string> managers(const json::Value &object, const std::vector<std::string> &path);

/// The manager that holds now, in `after`, what `manager` had applied in `before` and has lost;
/// empty: it has lost nothing that another holds.
std::string taker(const json::Value &before, const json::Value &after, std::string_view manager);

/// The value at ".spec.template.spec.containers[name="hello"].image", as the server writes paths;
/// null if there is none.
const json::Value *find_at(const json::Value &object, std::string_view path);

/// find_at() as people read it: `"text"`, `3`, `{"a":1}`; "" if there is none.
std::string value_at(const json::Value &object, std::string_view path);

} // namespace hello::kube
