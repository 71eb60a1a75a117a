#include "cli/options/habits.h"

#include <algorithm>

#include <fmt/core.h>

#include "cli/options/line.h"
#include "hello/config.h"
#include "hello/nearest.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

/// A line: words; the option in their place, which the command must have; what to write, if that is
/// not the option alone.
constexpr std::string_view kHabits = "--port|-p|--host|--address|--bind=--listen\n"
                                     "--port=--set=write --set service.port\n"
                                     "--file|-f|--filename|--values=--config\n"
                                     "--kube-context|--cluster=--context\n"
                                     "--kubeconfig=--context=set the variable KUBECONFIG\n"
                                     "--all-namespaces|-A=--namespace=only 'hello list' has it\n"
                                     "--wait|--atomic=--no-rollback=hello always waits\n"
                                     "--to-revision=--no-rollback=write 'hello rollback REVISION'\n"
                                     "--assume-yes|-y|--auto-approve=--yes\n"
                                     "--format=--output\n"
                                     "--json=--output=write -o json\n"
                                     "--debug=--verbose\n"
                                     "--silent=--quiet\n"
                                     "--no-color|--no-colour=--color=write --color never\n"
                                     "--qps|--rps=--rate\n"
                                     "--duration=--for\n"
                                     "--concurrency|-c=--connections\n";

/// The letters and digits of a name, so that "--base-path" is like "basePath".
std::string squeezed(std::string_view name) {
  std::string out = text::lower(name);
  std::erase_if(out, [](char c) { return c == '-' || c == '.'; });
  return out;
}

} // namespace

std::string habit(const CommandRow &command, std::string_view word) {
  for (std::string_view line : text::lines(kHabits)) {
    const auto words = text::split(text::take(line, '='), '|');
    const std::string_view needs = text::take(line, '=');
    if (std::find(words.begin(), words.end(), word) == words.end()) continue;
    if (!option_anywhere(command, needs)) continue;
    return line.empty() ? config::hint(std::string(needs)) : fmt::format(" ({})", line);
  }
  if (!word.starts_with("--") || !option_anywhere(command, "--set")) return "";
  for (const config::Setting &setting : config::settings())
    if (squeezed(setting.key) == squeezed(word))
      return config::hint(fmt::format("--set {}=VALUE", setting.key));
  return "";
}

} // namespace hello::cli
