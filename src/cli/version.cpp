#include <fmt/core.h>

#include "cli/commands.h"
#include "hello/version.h"

namespace hello::cli {

void add_version(CLI::App &app, Run &run) {
  CLI::App *command = app.add_subcommand("version", "Say which hello this is");
  command->callback([&run] {
    run = [] {
      fmt::print("hello {}\n", build_info().version);
      return 0;
    };
  });
}

} // namespace hello::cli
