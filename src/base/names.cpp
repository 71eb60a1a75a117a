#include "hello/names.h"

#include "hello/kinds.h"
#include "hello/text.h"

namespace hello::names {
namespace {

constexpr std::string_view kEntryMark = "-release-";

std::string with(std::string_view release, std::string_view end) {
  return std::string(release) + std::string(end);
}

/// 0.1.0 gave some objects names without the release's.
std::string own(std::string_view release, std::string_view role) {
  return release == kDefault ? std::string(role) : with(release, "-") + std::string(role);
}

} // namespace

std::string message_config(std::string_view release) { return own(release, "message-config"); }
std::string log_agent(std::string_view release) { return own(release, "log-agent"); }
std::string tls_secret(std::string_view release) { return with(release, "-tls"); }
std::string deployer(std::string_view release) { return with(release, "-deployer"); }
std::string lease(std::string_view release) { return with(release, "-release"); }

bool is_shared(std::string_view api_version, std::string_view kind, std::string_view name,
               std::string_view ns) {
  if (kinds::is_custom(api_version)) return false;
  if (kind == "Namespace") return name == ns;
  if (kind == "NetworkPolicy") return name == kDefaultDeny;
  return (kind == "ResourceQuota" || kind == "LimitRange") && name == kLimits;
}

std::string manager(std::string_view release) {
  return release == kDefault ? std::string(kDefault) : "hello-" + std::string(release);
}

std::string handover(std::string_view release) { return manager(release) + "-handover"; }

std::string entry(std::string_view release, int revision) {
  return with(release, kEntryMark) + std::to_string(revision);
}

std::optional<Entry> read_entry(std::string_view name) {
  const std::size_t mark = name.rfind(kEntryMark);
  if (mark == name.npos || mark == 0) return std::nullopt;
  const auto revision = text::integer(name.substr(mark + kEntryMark.size()), 1, INT32_MAX);
  if (!revision) return std::nullopt;
  return Entry{std::string(name.substr(0, mark)), static_cast<int>(*revision)};
}

std::string objects_selector(std::string_view release) {
  return "app.kubernetes.io/managed-by=hello,app.kubernetes.io/instance=" + std::string(release);
}

std::string pods_selector(std::string_view release) {
  return "app.kubernetes.io/name=hello,app.kubernetes.io/instance=" + std::string(release);
}

} // namespace hello::names
