#include "config/environment.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "hello/config.h"
#include "hello/nearest.h"
#include "hello/text.h"

namespace hello::config {

bool is_service_link(std::string_view name, std::string_view value) {
  auto has = [&](std::string_view part) { return name.find(part) != name.npos; };
  return has("_SERVICE_HOST") || has("_SERVICE_PORT") || name.ends_with("_PORT") || has("_TCP") ||
         has("_UDP") || has("_SCTP") || value.starts_with("tcp://") ||
         value.starts_with("udp://") || value.starts_with("sctp://");
}

std::string environment_name(std::string_view key) {
  std::string name = "HELLO_";
  auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (std::size_t i = 0; i < key.size(); ++i) {
    char c = key[i];
    bool word = is_upper(c) && i > 0 && key[i - 1] != '.' &&
                (!is_upper(key[i - 1]) ||
                 (i + 1 < key.size() && !is_upper(key[i + 1]) && key[i + 1] != '.'));
    if (word) name += '_';
    name += c == '.' || c == '-' ? '_' : c;
  }
  name = text::upper(name);
  return is_service_link(name, "") ? "" : name;
}

namespace {
/// Those of `hello serve`, of `hello healthcheck`, and of the deployer's flags.
constexpr std::string_view kOthers[] = {
    "HELLO_ACCESS_LOG",    "HELLO_ACCESS_LOG_FILE", "HELLO_ADMIN_LISTEN",    "HELLO_BASE_PATH",
    "HELLO_BODY_TIMEOUT",  "HELLO_CONFIG",          "HELLO_CONTEXT",         "HELLO_DRAIN_DELAY",
    "HELLO_DRAIN_TIMEOUT", "HELLO_DRILL_TOKEN",     "HELLO_HEADER_TIMEOUT",  "HELLO_IDLE_TIMEOUT",
    "HELLO_LISTEN",        "HELLO_LOG_FORMAT",      "HELLO_MAX_CONNECTIONS", "HELLO_MEMORY_LIMIT",
    "HELLO_MESSAGES",      "HELLO_MESSAGES_FILE",   "HELLO_SANDBOX",         "HELLO_TEMP_DIR",
    "HELLO_THREADS",       "HELLO_TRUSTED_HEADER",  "HELLO_TRUSTED_PROXIES", "HELLO_WRITE_TIMEOUT"};
} // namespace

std::string unknown_variable(std::string_view name, std::string_view value) {
  if (is_service_link(name, value)) return "";
  std::vector<std::string> names(std::begin(kOthers), std::end(kOthers));
  for (const Setting &setting : settings()) {
    names.push_back(environment_name(setting.key));
    constexpr std::string_view kShort = ".name"; // namespace.name is also called namespace
    if (setting.key.ends_with(kShort))
      names.push_back(environment_name(setting.key.substr(0, setting.key.size() - kShort.size())));
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (std::find(known.begin(), known.end(), name) != known.end()) return "";
  return fmt::format("unknown variable {}{}", name, hint(nearest(name, known)));
}

} // namespace hello::config
