#pragma once
#include <ctime>
#include <optional>
#include <string>

#include "hello/drills.h"

/// Drills that go on after a restart of the process: `start`, and a crash that repeats. Each is in
/// a file of its own in the temp directory, with the time when it ends.
namespace hello::server {

/// The file of a fault's drill.
std::string drill_file(const std::string &folder, drills::Fault fault);

/// What an earlier process has kept of a fault; `time`: what is left of it; of `start`, `amount`
/// starts are still to fail. A file that is damaged, of someone else, or past its end is deleted.
/// `now`: seconds since 1970. Call it before the sandbox closes.
std::optional<drills::Drill> kept_drill(const std::string &folder, drills::Fault fault,
                                        std::time_t now);

/// Keeps the drill until its end; one that has nothing left to do is forgotten. Returns why that
/// failed, or nothing.
std::string keep_drill(const std::string &folder, const drills::Drill &drill, std::time_t now);

void forget_drill(const std::string &folder, drills::Fault fault);

/// Throws Error(Exit::failure) while a drill `start` makes the start fail, which counts as one.
void fail_start(const std::string &folder, std::time_t now);

} // namespace hello::server
