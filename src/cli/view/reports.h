#pragma once
#include <string>
#include <vector>

#include "cli/view/paint.h"
#include "hello/rates.h"
#include "hello/releases.h"
#include "hello/status.h"
#include "hello/top.h"

/// What the commands that read a release print, as a table or tree for people and as JSON. Each
/// text ends with a line end.
namespace hello::cli {

/// `hello history`. JSON: one array, a release a line.
std::string text_of(const std::vector<release::Release> &releases);
std::string json_of(const std::vector<release::Release> &releases);

/// `hello list`. JSON: one array, a release a line.
std::string text_of(const std::vector<release::Listed> &all, kube::Instant now);
std::string json_of(const std::vector<release::Listed> &all);

/// `hello status`
std::string text_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access, const Paint &paint);
/// `alerts`: that fire; null if no Prometheus was asked.
std::string json_of(const deploy::Status &status, const deploy::Observation &observed,
                    const kube::Access &access, const std::vector<kube::Alert> *alerts = nullptr);
std::string text_of(const std::vector<kube::Alert> &alerts, const Paint &paint);

/// `hello top`. JSON: cores, bytes and seconds.
std::string text_of(const std::vector<kube::Usage> &pods, const kube::RatesByPod &rates);
std::string json_of(const std::vector<kube::Usage> &pods, const kube::RatesByPod &rates);

} // namespace hello::cli
