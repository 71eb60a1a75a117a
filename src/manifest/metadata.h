#pragma once
#include <vector>

#include "hello/config.h"
#include "hello/manifest.h"
#include "hello/template.h"

namespace hello::manifest {

/// Adds the labels and annotations of the setting `metadata` to the objects that it names, over
/// those of all objects; `values`, unless it is null, receives where they stand. Throws
/// Error(Exit::invalid) for a target that is not in the set, and for another form.
void add_metadata(const config::Config &config, std::vector<Object> &objects,
                  std::vector<templates::Filled> *values);

} // namespace hello::manifest
