#include "cli/commands/commands.h"
#include "cli/options/release_set.h"
#include "cli/view/output.h"

namespace hello::cli {

Exit run(const ShowConfigOptions &options) {
  const config::Config config = options.config.load();
  mask_secrets(config);
  print(options.format == Format::json ? config::describe_json(config) : config::describe(config));
  return Exit::ok;
}

void declare(const Command &command, ShowConfigOptions &options) {
  options.config.add_to(command, {.image = true, .timeout = true, .grace = true});
  add_format(command, options.format, "yaml|json",
             "output format (yaml can be used as hello.yaml)");
  command.example("hello config --context prod", "show effective values and where they come from");
  command.example("hello config schema > hello.schema.json",
                  "write the schema for completion and checks in editors");
  const Command schema =
      command.subcommand("schema", "Print the JSON Schema of hello.yaml, for editors");
  schema.example("hello config schema > hello.schema.json", "write it to a file");
  schema.example("hello config schema | jq .properties.messages", "look up one setting");
  schema.action([] {
    print(config::schema());
    return Exit::ok;
  });
}

} // namespace hello::cli
