#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace hello::server {

/// Memory that a drill uses. The total of the control group stays below its limit by a margin:
/// when the service needs more, the ballast gives way.
class Ballast {
public:
  /// How much memory may be added; below 0: how much must be given back.
  using Room = std::int64_t (*)();
  explicit Ballast(Room room = room_in_cgroup) : room_(room) {}
  ~Ballast() { keep(0); }
  Ballast(const Ballast &) = delete;
  Ballast &operator=(const Ballast &) = delete;

  /// Takes or gives back memory: up to `bytes` in all, a part of it at each call.
  /// drills::kNoBound: without regard to the limit.
  void keep(std::int64_t bytes);
  std::size_t bytes() const;

  /// Up to the limit of the control group, less 16 MiB.
  static std::int64_t room_in_cgroup();

private:
  Room room_;
  std::vector<void *> blocks_;
};

} // namespace hello::server
