#include "cli/commands/commands.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "cli/view/reports.h"
#include "hello/releases.h"

namespace hello::cli {

Exit run(const ListOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  const Patience patience(flags.config.console, "the cluster to answer");
  const kube::Access &access = cluster->access();
  const auto all = release::list_releases(*cluster, flags.all ? "" : access.ns)
                       .take("list the releases", access);
  if (flags.format != Format::text) {
    print_document(json_of(all), flags.format);
    return Exit::ok;
  }
  if (all.empty())
    flags.config.console.note("no releases in " + (flags.all ? "any namespace" : place(access)));
  else
    print(text_of(
        all, std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now())));
  return Exit::ok;
}

void declare(const Command &command, ListOptions &options) {
  command.flag("-A,--all-namespaces", options.all, "list the releases in all namespaces");
  options.config.add_to(command, {.name = false, .cluster = true});
  add_format(command, options.format, "text|json|yaml", "output format (json: one array)");
  command.example("hello list -n shop", "list the releases in one namespace");
  command.example("hello list -A", "list all releases in the cluster");
}

} // namespace hello::cli
