#pragma once
#include <string>

#include "cli/options/config_options.h"
#include "hello/error.h"
#include "hello/rehearse.h"

namespace hello::cli {

struct RehearseOptions {
  ConfigOptions config;
  Format format = Format::text;
  std::string exercise, yes_really;
  rehearse::Options options;
  bool yes = false;
};
void declare(const Command &command, RehearseOptions &options);
Exit run(const RehearseOptions &options);

} // namespace hello::cli
