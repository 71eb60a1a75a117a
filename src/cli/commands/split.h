#pragma once
#include <span>
#include <string>
#include <string_view>

#include "hello/manifest.h"

namespace hello::cli {

/// Whether the directory gets a kustomization.yaml.
enum class Kustomization { no, yes };

/// Writes each object to a file of its own in `directory`, which is made if it is missing. Each
/// file begins with `head`, one comment line. A kustomization.yaml lists them in the set's order.
/// All files are first written elsewhere, so that a full disk or a missing permission changes
/// nothing. Files of an earlier run that are not in this one are removed; other files stay. Throws
/// Error(Exit::failure), also where a kustomization.yaml is not of an earlier run.
void split(std::span<const manifest::Object> objects, const std::string &directory,
           std::string_view head, Kustomization kustomization);

} // namespace hello::cli
