// Writes the documents that are made from the tables of commands and settings:
//   hello_docs FOLDER    FOLDER/docs/cli.md, docs/settings.md, man/*, completions/*
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "cli/commands/commands.h"
#include "cli/docs/docs.h"
#include "cli/options/complete.h"
#include "cli/options/parse.h"
#include "hello/file.h"

namespace {

using namespace hello;

void write_all(const std::string &folder) {
  for (const char *name : {"docs", "man", "completions"})
    std::filesystem::create_directories(folder + "/" + name);
  const auto top = cli::table(cli::declare_all);
  const auto write = [&](const std::string &path, std::string_view text) {
    sys::write_file(folder + "/" + path, text);
  };
  write("docs/cli.md", cli::commands_markdown(*top));
  write("docs/settings.md", cli::settings_markdown());
  write("man/hello.1", cli::man_page(*top, "hello"));
  write("man/hello.yaml.5", cli::man_page_of_settings());
  for (const auto &command : top->commands) {
    const std::string name = "hello-" + std::string(command->name);
    write("man/" + name + ".1", cli::man_page(*command, name));
  }
  write("completions/hello.bash", cli::completion_script("bash"));
  write("completions/_hello", cli::completion_script("zsh"));
  write("completions/hello.fish", cli::completion_script("fish"));
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fputs("usage: hello_docs FOLDER\n", stderr);
    return 2;
  }
  try {
    write_all(argv[1]);
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "hello_docs: %s\n", error.what());
    return 1;
  }
}
