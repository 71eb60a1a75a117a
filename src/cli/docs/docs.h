#pragma once
#include <string>

#include "cli/options/row.h"

/// Documents made from the tables of commands and settings. They are not in the executable.
namespace hello::cli {

/// docs/cli.md
std::string commands_markdown(const CommandRow &top);
/// docs/settings.md
std::string settings_markdown();

/// A man page in section 1: `name` is "hello" or "hello-deploy".
std::string man_page(const CommandRow &command, const std::string &name);
/// hello.yaml(5)
std::string man_page_of_settings();

} // namespace hello::cli
