#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/file.h"

namespace hello::cli {

Exit run(const InitOptions &options) {
  const std::string &path = options.path;
  if (path == "-") {
    print(config::starter());
    return Exit::ok;
  }
  if (!options.force && ::access(path.c_str(), F_OK) == 0)
    throw Error(Exit::failure, path + " is there already",
                "--force replaces it; `hello init -` prints to stdout");
  sys::write_file(path, config::starter());
  say("wrote " + path);
  return Exit::ok;
}

void declare(const Command &command, InitOptions &options) {
  command.text("FILE", options.path, {"Where to; - is stdout"});
  command.flag("--force", options.force, "Replace the file where there is one");
}

} // namespace hello::cli
