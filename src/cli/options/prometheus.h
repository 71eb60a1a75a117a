#pragma once
#include <optional>

#include "cli/view/output.h"
#include "hello/config.h"
#include "hello/rates.h"

namespace hello::cli {

/// The Prometheus of `monitoring.prometheus`; none if there is no such setting.
std::optional<kube::Prometheus> prometheus_of(const config::Config &config);

/// What `ask` gives; none, and a warning, if Prometheus cannot be asked.
template <typename Ask> auto asked(Ask ask) -> std::optional<decltype(ask())> {
  try {
    return ask();
  } catch (const Error &error) {
    if (error.is_interruption()) throw;
    say("warning: " + error.words());
    return std::nullopt;
  }
}

} // namespace hello::cli
