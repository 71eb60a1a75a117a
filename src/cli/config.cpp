#include "cli/commands.h"
#include "cli/config_options.h"
#include "cli/output.h"

namespace hello::cli {

void add_config(CLI::App &app, Run &run) {
  CLI::App *command = app.add_subcommand("config", "Show every setting's effective value and where it comes from");
  auto options = std::make_shared<ConfigOptions>();
  auto format = std::make_shared<std::string>("yaml");
  options->add_to(*command);
  command->add_option("-o,--output", *format, "yaml, which loads to the same configuration, or json")
      ->check(CLI::IsMember({"yaml", "json"}));
  CLI::App *schema = command->add_subcommand("schema", "Print the JSON Schema of hello.yaml, for editors");
  command->callback([=, &run] {
    if (schema->parsed()) return;
    run = [=] {
      config::Config config = options->load();
      print(*format == "json" ? config::describe_json(config) : config::describe(config));
      return 0;
    };
  });
  schema->callback([&run] {
    run = [] {
      print(config::schema());
      return 0;
    };
  });
}

} // namespace hello::cli
