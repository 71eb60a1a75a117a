#include <algorithm>

#include <fmt/core.h>

#include "hello/check.h"

namespace hello::check {
namespace {

constexpr int kVersion = 1; ///< of the report
constexpr std::string_view kSkip = "skip";

/// The verdict's place from best to worst. -1: no verdict.
int rank(std::string_view verdict) {
  constexpr std::string_view kOrder[] = {"pass", kSkip, "warn", "inconclusive", "fail"};
  const auto *found = std::find(std::begin(kOrder), std::end(kOrder), verdict);
  return found == std::end(kOrder) ? -1 : static_cast<int>(found - std::begin(kOrder));
}

const json::Value *named(const json::Value &list, std::string_view name) {
  for (const json::Value &one : list.items())
    if (one.text("name") == name) return &one;
  return nullptr;
}

void require_report(const json::Value &value, std::string_view which) {
  const auto refuse = [&](std::string_view why) {
    throw Error(Exit::invalid, fmt::format("the {} file {}", which, why),
                "'hello check --report FILE.json' writes a report");
  };
  if (value.text("kind") != "hello-check") refuse("is not a report of hello check");
  if (const auto version = value.at("version").number(-1); version != kVersion)
    refuse(fmt::format("is a report of version '{}', and this hello reads version {}",
                       value.text("version"), kVersion));
  const json::Value &checks = value.at("checks");
  if (checks.items().empty()) refuse("is damaged: it has no checks");
  for (const json::Value &check : checks.items()) {
    const std::string name = check.text("name"), verdict = check.text("verdict");
    if (name.empty() || rank(verdict) < 0)
      refuse(fmt::format("is damaged: check '{}' has the verdict '{}'", name, verdict));
    for (const json::Value &figure : check.at("figures").items())
      if (figure.text("name").empty() || figure.at("value").number(-1) < 0)
        refuse(fmt::format("is damaged: check '{}' has a figure '{}' without a value", name,
                           figure.text("name")));
  }
}

/// Adds the figures that are more than half as large again, and not just noise.
void compare_figures(const json::Value &old, const json::Value &now,
                     std::vector<std::string> &lines) {
  for (const json::Value &figure : now.at("figures").items()) {
    const json::Value *past = named(old.at("figures"), figure.text("name"));
    if (!past) continue;
    const std::int64_t a = past->at("value").number(), b = figure.at("value").number();
    if (b > a && b - a > a / 2 && b > figure.at("floor").number())
      lines.push_back(fmt::format("{}: {} {} → {} {}", now.text("name"), figure.text("name"), a, b,
                                  figure.text("unit")));
  }
}

} // namespace

std::vector<std::string> compare(const json::Value &before, const json::Value &after, bool &worse) {
  require_report(before, "old");
  require_report(after, "new");
  std::vector<std::string> lines;
  const std::string then = before.text("started"), later = after.text("started");
  if (!later.empty() && later < then)
    lines.push_back(
        fmt::format("the new report is older than the old one: {} and {}", later, then));
  for (const json::Value &old : before.at("checks").items()) {
    const std::string name = old.text("name"), was = old.text("verdict");
    const json::Value *now = named(after.at("checks"), name);
    const std::string is = now ? now->text("verdict") : "";
    worse |= now ? rank(is) > rank(was) : was != kSkip;
    if (!now)
      lines.push_back(fmt::format("{}: {}, and it did not run now", name, was));
    else if (is != was)
      lines.push_back(fmt::format("{}: {} → {}: {}", name, was, is, now->text("what")));
    if (now) compare_figures(old, *now, lines);
  }
  for (const json::Value &now : after.at("checks").items()) {
    if (named(before.at("checks"), now.text("name"))) continue;
    worse |= rank(now.text("verdict")) > rank(kSkip); // it did not run before
    lines.push_back(
        fmt::format("{}: new, {}: {}", now.text("name"), now.text("verdict"), now.text("what")));
  }
  return lines;
}

} // namespace hello::check
