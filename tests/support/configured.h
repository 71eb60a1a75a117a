#pragma once
#include <string>

#include "hello/config.h"

namespace hello::test {

/// The settings of a hello.yaml with this text, without overlay and flags.
inline config::Config configured(const std::string &text) {
  config::Sources sources;
  sources.files = {"-"};
  sources.input = text;
  return config::Config::load(sources);
}

} // namespace hello::test
