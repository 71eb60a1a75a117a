#include "server/engine/faults.h"

#include <ctime>

namespace hello::server {
namespace {

std::chrono::nanoseconds cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace

void spend_cpu(std::chrono::nanoseconds time) {
  const auto end = cpu_time() + time;
  while (cpu_time() < end)
    for (int i = 0; i < 10'000; ++i) asm volatile(""); // keeps the loop
}

} // namespace hello::server
