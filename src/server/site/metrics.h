#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/engine/budget.h"
#include "server/engine/stats.h"
#include "server/engine/status.h"
#include "server/log/log_sink.h"
#include "server/site/messages.h"

namespace hello::server {

/// Indices into the lists of media types below, which are in the server's order of preference.
enum class MetricsFormat : std::uint8_t { prometheus, open_metrics };
inline constexpr std::array<std::string_view, 2> kMetricsOffers = {"text/plain",
                                                                   "application/openmetrics-text"};
inline constexpr std::array<std::string_view, 2> kMetricsTypes = {
    "text/plain; version=0.0.4; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8"};

/// The sources of the metrics, all borrowed. They are read without locks.
struct MetricsSources {
  const Status &status;
  const Messages &messages;
  const std::vector<std::unique_ptr<RequestStats>> &loops;
  const LogSink *sink; ///< nullptr: no access log
  const Budget &budget;
  const Faults *faults;     ///< nullptr: there are no drills
  std::string_view release; ///< whose pod this is
};

/// Returns all metrics of the process. Source: Prometheus exposition formats; OpenMetrics 1.0.
std::string render_metrics(const MetricsSources &sources, MetricsFormat format);

/// Writes an exposition, one metric family after the other.
class Exposition {
public:
  explicit Exposition(MetricsFormat format)
      : open_metrics_(format == MetricsFormat::open_metrics) {}

  /// Begins a family. A counter's `name` has no `_total`; `unit` is empty or the last word of the
  /// name.
  void family(std::string_view name, std::string_view type, std::string_view unit,
              std::string_view help);
  /// `labels`: what goes between the braces, escaped; may be empty. `suffix`: "_total", "_bucket"
  /// or "".
  void sample(std::string_view suffix, std::string_view labels, std::string_view value);
  void sample(std::string_view suffix, std::string_view labels, std::uint64_t value);
  std::string finish();

private:
  bool open_metrics_;
  std::string name_, out_;
};

/// Appends CPU, memory, descriptors, threads and start time of the process. What cannot be read is
/// left out. `proc` is for tests.
void append_process(Exposition &out, const std::string &proc = "/proc");

/// The number of open descriptors of this process; 0 if /proc is not available.
std::uint64_t open_descriptors(const std::string &proc = "/proc");

/// Writes nanoseconds as seconds ("12.345000000") without floating point.
std::string seconds(std::uint64_t ns);

} // namespace hello::server
