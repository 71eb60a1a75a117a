#include "server/process/drill_port.h"

#include <fmt/core.h>

#include "hello/error.h"
#include "hello/notice.h"
#include "hello/random.h"
#include "server/engine/listener.h"
#include "server/process/drill_handler.h"

namespace hello::server {

using namespace std::chrono_literals;

namespace {

std::string random_key() {
  return fmt::format("{:016x}{:016x}", sys::random_bits(), sys::random_bits());
}

sys::Address loopback(const Options &options) {
  constexpr std::string_view kFlag = "--drill-listen";
  const sys::Address address = sys::parse_address(options.drill_listen, kFlag);
  const std::string ip = sys::ip_text(address);
  if (ip != "::1" && !ip.starts_with("127."))
    throw Error(Exit::usage, fmt::format("{}: {} is not a loopback address", kFlag, ip),
                "whoever reaches the listener can start drills: use 127.0.0.1:PORT");
  return address;
}

/// The logs and the queue of their agent may take 29 MiB, where they are in the same folder.
DrillPlace place_of(const Options &options) {
  const bool has_log = options.access_log_file.starts_with(options.temp_dir + "/");
  return {options.temp_dir, static_cast<std::int64_t>(options.temp_limit_bytes),
          has_log ? 29 << 20 : 0};
}

} // namespace

DrillPort::DrillPort(const Options &options, Status &status, Budget &budget)
    : key_(options.drill_key.empty() ? random_key() : options.drill_key),
      has_own_key_(options.drill_key.empty()), address_(loopback(options)),
      runner_(status.faults(), options.drill_at, place_of(options)),
      handler_(make_drill_handler(runner_, key_)), group_{.max_connections = 8, .budget = &budget} {
  LoopConfig config;
  config.timeouts = {10s, 10s, 5s, 5s, 5s, 0s, 2s};
  config.limits.body_bytes = 4096;
  config.keeps_bodies = true;
  config.group = &group_;
  loop_ =
      std::make_unique<Loop>(std::move(listen_on(address_, 1).front()), config, *handler_, status_);
}

DrillPort::~DrillPort() {
  loop_->enter(Phase::stopped);
  if (thread_.joinable()) thread_.join();
}

void DrillPort::start() {
  runner_.start();
  thread_ = std::thread([this] { loop_->run(); });
  const std::string listen = sys::to_text(address_);
  const std::string text = fmt::format("drills are allowed, on http://{}", listen);
  if (has_own_key_)
    notice(Level::warning, Event::drill_listener, text, {{"listen", listen}, {"token", key_}});
  else
    notice(Level::warning, Event::drill_listener, text, {{"listen", listen}});
}

} // namespace hello::server
