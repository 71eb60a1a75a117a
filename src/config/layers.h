#pragma once
#include <string>

#include <yaml-cpp/yaml.h>

#include "hello/config.h"

/// Puts the layers of a setting on top of each other.
namespace hello::config {

/// One layer's value of a setting whose layers stack.
struct Layer {
  YAML::Node node;   ///< null removes what lower layers gave
  Origin origin;     ///< of the whole
  std::string file;  ///< names the text that the nodes come from; empty: `origin` is each entry's
  int number = 0;    ///< from the lowest
  bool whole = true; ///< false: one entry of a map (--set labels.team=web)
};

/// Merges a map or appends a list. The first layer that sets a map replaces its default; one that
/// only removes entries keeps the rest of it. Returns a warning if 0.1.0, which replaced the value
/// whole, gave another result; else an empty text.
std::string stack(const Setting &setting, Value &value, const Layer &layer);

/// logging.access: json of 0.1.0 means on, and logging.format: json. Where that is set too, access
/// becomes on; else it stays, so that the pods' flags are those of 0.1.0. False for any other
/// value.
bool replace_log_form(Value &access, Value &format);

/// Of extra manifests with the same kind, namespace and name, keeps the one of the highest layer,
/// in the place of the lowest.
void replace_extras(Value &value, const std::string &own_namespace);

} // namespace hello::config
