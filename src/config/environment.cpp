#include "config/environment.h"

#include "hello/config.h"
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

} // namespace hello::config
