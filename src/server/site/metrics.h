#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/stats.h"
#include "server/site/messages.h"
#include "server/site/status.h"

namespace hello::server {

/// Content types of the two forms, in the order that Accept's wildcards choose.
inline constexpr std::array<std::string_view, 2> kMetricsOffers = {"text/plain",
                                                                   "application/openmetrics-text"};
inline constexpr std::array<std::string_view, 2> kMetricsTypes = {
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8"};

/// Where the numbers come from; all borrowed, all read without a lock.
struct MetricsSources {
  const Status &status;
  const Messages &messages;
  const std::vector<std::unique_ptr<RequestStats>> &loops;
  std::uint64_t lines_dropped; ///< by the log's writer; the loops' own are in `loops`
};

/// All metrics of the process. Source: Prometheus exposition formats; OpenMetrics 1.0.
std::string render_metrics(const MetricsSources &sources, bool open_metrics);

/// One exposition, family by family.
class Exposition {
public:
  explicit Exposition(bool open_metrics) : open_metrics_(open_metrics) {}

  /// Begins a family. A counter's `name` is without `_total`; `unit` is empty or the name's last
  /// word.
  void family(std::string_view name, std::string_view type, std::string_view unit,
              std::string_view help);
  /// `labels` as they stand between the braces, escaped; may be empty. `suffix`: "_total",
  /// "_bucket", "".
  void sample(std::string_view suffix, std::string_view labels, std::string_view value);
  void sample(std::string_view suffix, std::string_view labels, std::uint64_t value);
  std::string finish();

private:
  bool open_metrics_;
  std::string name_, out_;
};

/// The process' own: CPU, memory, descriptors, threads, start. Reads /proc; costs the admin thread,
/// no loop.
void append_process(Exposition &out);

/// Of this process; 0 where /proc does not say.
std::uint64_t open_descriptors();

/// "12.345": thousand-millionths as Prometheus likes seconds, without floating point.
std::string seconds(std::uint64_t ns);

} // namespace hello::server
