#include "cli/options/prometheus.h"

#include "hello/matchers.h"

namespace hello::cli {

std::optional<kube::Prometheus> prometheus_of(const config::Config &config) {
  std::string url = config.text("monitoring.prometheus");
  if (url.empty()) return std::nullopt;
  while (url.ends_with('/')) url.pop_back();
  return kube::Prometheus{url, manifest::namespace_matchers(config),
                          config.text("metrics.labelNames.pod"),
                          config.text("metrics.labelNames.release")};
}

} // namespace hello::cli
