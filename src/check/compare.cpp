#include <algorithm>

#include <fmt/core.h>

#include "hello/check.h"

namespace hello::check {
namespace {

/// The verdict's place from best to worst; a skip is no news. -1: no verdict.
int rank(std::string_view verdict) {
  constexpr std::string_view kOrder[] = {"pass", "skip", "warn", "inconclusive", "fail"};
  const auto *found = std::find(std::begin(kOrder), std::end(kOrder), verdict);
  return found == std::end(kOrder) ? -1 : static_cast<int>(found - std::begin(kOrder));
}

const json::Value *named(const json::Value &list, std::string_view name) {
  for (const json::Value &one : list.items())
    if (one.text("name") == name) return &one;
  return nullptr;
}

void require_report(const json::Value &value, std::string_view which) {
  if (value.text("kind") != "hello-check" || value.at("version").number() != 1)
    throw Error(Exit::invalid, fmt::format("the {} file is not a report of hello check", which),
                "'hello check --report FILE.json' writes one");
}

} // namespace

std::vector<std::string> compare(const json::Value &before, const json::Value &after, bool &worse) {
  require_report(before, "old");
  require_report(after, "new");
  std::vector<std::string> lines;
  for (const json::Value &old : before.at("checks").items()) {
    const std::string name = old.text("name"), was = old.text("verdict");
    const json::Value *now = named(after.at("checks"), name);
    const std::string is = now ? now->text("verdict") : "";
    if (!now || rank(is) > rank(was)) worse = true;
    if (!now)
      lines.push_back(fmt::format("{}: {}, and it did not run now", name, was));
    else if (is != was)
      lines.push_back(fmt::format("{}: {} → {}: {}", name, was, is, now->text("what")));
    if (!now) continue;
    for (const json::Value &figure : now->at("figures").items()) {
      const json::Value *past = named(old.at("figures"), figure.text("name"));
      if (!past) continue;
      const std::int64_t a = past->at("value").number(), b = figure.at("value").number();
      if (b > a + a / 2 && b > figure.at("floor").number())
        lines.push_back(
            fmt::format("{}: {} {} → {} {}", name, figure.text("name"), a, b, figure.text("unit")));
    }
  }
  for (const json::Value &now : after.at("checks").items())
    if (!named(before.at("checks"), now.text("name")))
      lines.push_back(fmt::format("{}: new, {}", now.text("name"), now.text("verdict")));
  return lines;
}

} // namespace hello::check
