#pragma once
#include <string_view>
#include <vector>

/// The structure of the API's common kinds, as the API server merges them. Views borrow from the
/// embedded table src/manifest/types.txt; tests/scan/types, which makes it, describes its form.
namespace hello::manifest::types {

/// A key by which a list's items merge.
struct Key {
  std::string_view name, default_value;
};

/// A type as a field refers to it. The empty one is unknown.
struct Type {
  std::string_view text = {};

  bool is_known() const { return !text.empty() && text != "*"; }
  bool is_list() const { return text.starts_with('['); }
  bool is_map() const { return text.starts_with('{'); }
  /// Whether a change replaces the value as a whole.
  bool is_atomic() const;
  /// Of a list or a map.
  Type element() const;
  /// Whether a list's items merge: by keys(), or as a set if it has none.
  bool merges_items() const { return is_list() && text.find('@') != text.npos; }
  std::vector<Key> keys() const;
};

struct Field {
  std::string_view name;
  Type type;
  int since = 0; ///< minor version of Kubernetes that introduced it; 0: before 1.30
};

/// The type of a kind, without apiVersion, kind and status; unknown for one that is not in the
/// table, such as a custom resource.
Type of_kind(std::string_view api_version, std::string_view kind);

/// The fields of a type with a name; none for another.
std::vector<Field> fields(Type type);
/// One of them; without a name if there is none.
Field field(Type type, std::string_view name);

/// What the API server demands of a field, as in src/manifest/limits.txt: "required,min=1". A name
/// that begins with ? is about several fields, which the demands name: one of them (?exactly), at
/// least one (?any), at most one (?both), or as src/manifest/lint/formats.h says (?if, ?order).
/// "?only:a+b>TERMS": demands of a and b, and of what is in them, count where a term holds; without
/// terms never. A name with slashes is a field further down, in each item of the lists on the way.
struct Limit {
  std::string_view name, demands;
};
std::vector<Limit> limits(Type type);

} // namespace hello::manifest::types
