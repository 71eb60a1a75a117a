#include <fmt/core.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/view/output.h"
#include "hello/config.h"
#include "hello/error.h"
#include "hello/file.h"

namespace hello::cli {
namespace {

int run_init(const std::string &path, bool force) {
  if (path == "-") {
    print(config::starter());
    return 0;
  }
  if (!force && ::access(path.c_str(), F_OK) == 0)
    throw Error(Exit::failure, path + " is there already",
                "--force replaces it; `hello init -` prints to stdout");
  sys::write_file(path, config::starter());
  say("wrote " + path);
  return 0;
}

} // namespace

void add_init(const Command &app) {
  const Command command = app.sub("init", "Write a commented hello.yaml to begin with");
  auto path = std::make_shared<std::string>("hello.yaml");
  auto force = std::make_shared<bool>(false);
  command.text("FILE", *path, {"Where to; - is stdout"});
  command.flag("--force", *force, "Replace the file where there is one");
  command.does([path, force] { return run_init(*path, *force); });
}

} // namespace hello::cli
