#include "cli/commands/commands.h"
#include "cli/options/config_options.h"
#include "cli/view/output.h"

namespace hello::cli {

void add_config(const Command &app) {
  const Command command =
      app.sub("config", "Show every setting's effective value and where it comes from");
  auto options = std::make_shared<ConfigOptions>();
  auto format = std::make_shared<std::string>("yaml");
  options->add_to(command);
  command.choice("-o,--output", *format, {"yaml", "json"},
                 {"yaml loads to the same configuration"});
  command.does([options, format] {
    config::Config config = options->load();
    print(*format == "json" ? config::describe_json(config) : config::describe(config));
    return 0;
  });
  command.sub("schema", "Print the JSON Schema of hello.yaml, for editors").does([] {
    print(config::schema());
    return 0;
  });
}

} // namespace hello::cli
