#include "server/public/disturbance.h"

#include <algorithm>

#include <poll.h>

namespace hello::server {

using drills::Fault;
bool Disturber::hits(std::int64_t percent, std::int64_t &sum) {
  sum += percent;
  if (sum < 100) return false;
  sum -= 100;
  return true;
}

std::int64_t Disturber::latency_ms() {
  const std::int64_t jitter = faults_->second(Fault::latency);
  random_ = random_ * 6364136223846793005U + 1442695040888963407U;
  const auto offset =
      static_cast<std::int64_t>((random_ >> 33) % static_cast<std::uint64_t>(2 * jitter + 1));
  return std::max<std::int64_t>(faults_->amount(Fault::latency) + offset - jitter, 0);
}

void Disturber::hang() const {
  constexpr int kLookMs = 50;
  while (faults_->has(Fault::hang)) ::poll(nullptr, 0, kLookMs);
}

Disturbance Disturber::next() {
  Disturbance all;
  const auto name = [&all](Fault fault) {
    all.names.append(all.names.empty() ? "" : ",").append(drills::name_of(fault));
  };
  if (faults_->has(Fault::work)) {
    spend_cpu(std::chrono::milliseconds(faults_->amount(Fault::work)));
    name(Fault::work);
  }
  if (faults_->has(Fault::latency)) {
    all.effect.delay_ms = latency_ms();
    name(Fault::latency);
  }
  if (faults_->has(Fault::errors) && hits(faults_->second(Fault::errors), errors_)) {
    all.status = static_cast<int>(faults_->amount(Fault::errors));
    name(Fault::errors);
  }
  if (faults_->has(Fault::reset) && hits(faults_->amount(Fault::reset), resets_)) {
    all.status = 500; // not sent, but counters and alerts must see a failure
    all.effect = {.delay_ms = 0, .reset = true};
    name(Fault::reset);
  }
  return all;
}

} // namespace hello::server
