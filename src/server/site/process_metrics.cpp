#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hello/fd.h"
#include "hello/file.h"
#include "server/site/metrics.h"

namespace hello::server {
namespace {

/// Returns up to 4 KiB of a file in /proc, or nothing if it cannot be read.
std::string read_proc(const std::string &path) {
  std::string text(4096, '\0');
  const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return {};
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

/// Returns field `n` of /proc/self/stat, counted from 1 as in proc(5). Searches after the process
/// name in brackets, which may contain blanks.
std::uint64_t stat_field(const std::string &stat, int n) {
  std::size_t at = stat.rfind(')');
  for (int field = 2; field < n && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoull(stat.c_str() + at + 1, nullptr, 10);
}

/// Returns the start time of the process in seconds since 1970: the wall clock minus its age.
std::string start_time(const std::string &stat) {
  timespec boot{}, wall{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_REALTIME, &wall);
  const auto ms = [](const timespec &t) { return t.tv_sec * 1000LL + t.tv_nsec / 1'000'000; };
  const long long begun =
      static_cast<long long>(stat_field(stat, 22)) * 1000 / sysconf(_SC_CLK_TCK);
  const long long at = ms(wall) - ms(boot) + begun;
  return fmt::format("{}.{:02}", at / 1000, at % 1000 / 10);
}

} // namespace

std::uint64_t open_descriptors(const std::string &proc) {
  const std::string folder = proc + "/self/fd";
  struct stat status {};
  // From Linux 6.2 on, the size of the directory is the number of descriptors.
  if (::stat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_size > 0)
    return static_cast<std::uint64_t>(status.st_size);
  const std::size_t count = sys::names_in(folder).size();
  return count == 0 ? 0 : count - 1; // the directory's own descriptor does not count
}

void append_process(Exposition &out, const std::string &proc) {
  const std::string stat = read_proc(proc + "/self/stat");
  const auto gauge = [&out](std::string_view name, std::string_view unit, std::string_view help,
                            std::uint64_t value) {
    out.family(name, "gauge", unit, help);
    out.sample("", "", value);
  };
  rusage usage{};
  const auto ns = [](const timeval &t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_usec) * 1000;
  };
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    out.family("process_cpu_seconds", "counter", "seconds",
               "Total user and system CPU time spent in seconds.");
    out.sample("_total", "", seconds(ns(usage.ru_utime) + ns(usage.ru_stime)));
  }
  if (!stat.empty()) {
    gauge("process_resident_memory_bytes", "bytes", "Resident memory size in bytes.",
          stat_field(stat, 24) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
    gauge("process_virtual_memory_bytes", "bytes", "Virtual memory size in bytes.",
          stat_field(stat, 23));
  }
  if (const std::uint64_t open = open_descriptors(proc))
    gauge("process_open_fds", "", "Number of open file descriptors.", open);
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0)
    gauge("process_max_fds", "", "Maximum number of open file descriptors.", limit.rlim_cur);
  if (stat.empty()) return;
  // Computed once: it is the difference of two clocks, and would vary from call to call.
  static const std::string started = start_time(stat);
  out.family("process_start_time_seconds", "gauge", "seconds",
             "Start time of the process since unix epoch in seconds.");
  out.sample("", "", started);
  gauge("process_threads", "", "Number of threads of the process.", stat_field(stat, 20));
}

} // namespace hello::server
