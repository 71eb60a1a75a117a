#include <cstdlib>

#include <fmt/core.h>

#include "cli/commands/commands.h"
#include "cli/options/advice.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "hello/process.h"
#include "hello/releases.h"

namespace hello::cli {
namespace {

using namespace std::chrono_literals;

bool has(const char *variable) {
  const char *value = std::getenv(variable);
  return value && *value;
}

/// Opens the page where there is a display. A browser that is missing is no error: the address is
/// on stdout. setsid lets the browser outlive this command.
void open_browser(const std::string &url) {
  if (!has("DISPLAY") && !has("WAYLAND_DISPLAY")) return;
  const std::string browser =
                        sys::find_program(has("BROWSER") ? std::getenv("BROWSER") : "xdg-open"),
                    setsid = sys::find_program("setsid");
  if (browser.empty() || setsid.empty()) return;
  sys::run({setsid, "--fork", browser, url}, "", sys::Clock::now() + 10s);
}

} // namespace

Exit run(const DashboardOptions &flags) {
  const config::Config config = flags.config.load();
  const sys::Interrupts interrupts("interrupted", "");
  const auto cluster = connect(config, flags.config, Purpose::read);
  Patience patience(flags.config.console, "the cluster to answer");
  suggest_namespace(*cluster);
  release::require_release(*cluster);
  bool opened = flags.no_browser;
  for (;;) { // once for each pod that it loses
    const auto forward = cluster->forward("deployment/" + cluster->access().release, "admin");
    const auto address = forward->address(cluster->now() + 30s);
    if (!address)
      throw kube::explain(address.failure(), "forward the admin port of a pod", cluster->access());
    patience.expect("");
    const std::string url = "http://" + *address + "/";
    print(url + "\n");
    flags.config.console.note("the live page of one pod of " + target(cluster->access()) +
                              "; Ctrl-C ends it");
    if (!opened) open_browser(url);
    opened = true;
    // kubectl notices that the pod has gone when something asks through it.
    while (forward->is_open() && cluster->ask(url + "livez", 5s).status != 0) cluster->sleep(2s);
    flags.config.console.note("the connection to the pod is lost; trying another pod");
    cluster->sleep(1s);
  }
}

void declare(const Command &command, DashboardOptions &options) {
  command.flag("--no-browser", options.no_browser, "print the address only");
  options.config.add_to(command, {.cluster = true});
  command.details(
      "Forwards the admin port of one pod to a free port of 127.0.0.1, prints the "
      "address, and opens it in a browser (BROWSER, or xdg-open) where there is a "
      "display. Runs until Ctrl-C. If the pod goes away, another one takes its place, with a "
      "new address.");
  command.example("hello dashboard --context prod", "requests, errors and latency as they happen");
  command.example("hello dashboard --no-browser", "print the address only");
}

} // namespace hello::cli
