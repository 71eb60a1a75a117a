#include <fmt/core.h>
#include <sys/stat.h>

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
  if (path.empty())
    throw Error(Exit::usage, "FILE is empty: name a file", "run 'hello init -' to print to stdout");
  struct stat found {};
  const bool exists = ::stat(path.c_str(), &found) == 0;
  if (exists && S_ISDIR(found.st_mode))
    throw Error(Exit::failure, path + " is a directory",
                fmt::format("name a file in it: 'hello init {}/hello.yaml'", path));
  if (exists && !options.force)
    throw Error(Exit::failure, path + " already exists",
                "pass --force to replace it, or run 'hello init -' to print to stdout");
  sys::write_file(path, config::starter());
  options.console.note(
      fmt::format("wrote {}: edit it, then run 'hello render' to see the manifests", path));
  return Exit::ok;
}

void declare(const Command &command, InitOptions &options) {
  command.section("Arguments");
  OptionSpec file{"file to write, - for stdout"};
  file.completes = Completes::file;
  command.text("FILE", options.path, file);
  command.section();
  command.flag("--force", options.force, "replace an existing file");
  add_quiet(command, options.console);
  command.example("hello init", "write hello.yaml");
  command.example("hello init - | less", "read every setting and its default");
}

} // namespace hello::cli
