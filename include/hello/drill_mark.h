#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hello/json.h"

/// The annotation on a release's Deployment that names its drills, so that a deploy and a status
/// see them.
namespace hello::drills {

inline constexpr std::string_view kMark = "hello/drills";

struct Mark {
  std::string drill; ///< "latency=200ms"
  std::string until; ///< RFC 3339 in UTC
  std::string pods;  ///< "hello-a,hello-b"

  /// "latency=200ms until 2026-11-29T20:00:00Z on hello-a,hello-b"
  std::string text() const;
};

/// Those of an annotation that last beyond `now`, which is RFC 3339 in UTC too. What cannot be read
/// is left out.
std::vector<Mark> read_marks(std::string_view annotation, std::string_view now);

/// The annotation's text.
std::string to_text(std::span<const Mark> marks);

/// What each start of a Deployment's pods schedules, by --drill-at: "errors=500@30s+1m, crash@2m".
/// No mark names it.
std::string scheduled_drills(const json::Value &deployment);

} // namespace hello::drills
