#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "cli/view/events.h"
#include "hello/json.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

using Action = deploy::Item::Action;

struct Look {
  std::string_view mark, word, colour;
};

Look look_of(Action action) {
  switch (action) {
  case Action::remove: return {"-", "remove", kRed};
  case Action::create: return {"+", "create", kGreen};
  case Action::change: return {"~", "change", kYellow};
  case Action::adopt: return {"~", "adopt", kYellow};
  case Action::same: break;
  }
  return {"=", "same", ""};
}

/// Keeps carriage returns: a change of line ends must show.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) lines.emplace_back(text::take(text, '\n'));
  return lines;
}

/// The changed lines of a text, with one equal line before and after them.
std::string text_change(const kube::Change &change, const Paint &paint) {
  const auto before = lines_of(change.before), after = lines_of(change.after);
  std::size_t head = 0, tail = 0;
  while (head < std::min(before.size(), after.size()) && before[head] == after[head]) ++head;
  while (tail < std::min(before.size(), after.size()) - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  std::string out;
  if (head > 0) out += "          " + before[head - 1] + "\n";
  for (std::size_t i = head; i < before.size() - tail; ++i)
    out += "        " + paint(kRed, "- " + before[i]) + "\n";
  for (std::size_t i = head; i < after.size() - tail; ++i)
    out += "        " + paint(kGreen, "+ " + after[i]) + "\n";
  if (tail > 0) out += "          " + before[before.size() - tail] + "\n";
  return out;
}

std::string field(const kube::Change &change, const Paint &paint) {
  if (change.text) return fmt::format("      {}:\n{}", change.path, text_change(change, paint));
  if (change.before.empty()) return fmt::format("      {}: + {}\n", change.path, change.after);
  if (change.after.empty()) return fmt::format("      {}: - {}\n", change.path, change.before);
  return fmt::format("      {}: {} → {}\n", change.path, change.before, change.after);
}

} // namespace

std::string text_of(const deploy::Plan &plan, const Paint &paint) {
  std::string out;
  for (const deploy::Item &item : plan.items)
    if (item.action == Action::create && item.id.kind == "Namespace")
      out += fmt::format("new namespace {}\n", item.id.name);
  for (const deploy::Item &item : plan.items) {
    if (item.action == Action::same) continue;
    const Look look = look_of(item.action);
    out += "  " + paint(look.colour, fmt::format("{} {}", look.mark, item.id.text()));
    if (item.action == Action::adopt) out += " (as wished already; hello becomes a manager of it)";
    out += '\n';
    for (const kube::Change &change : item.changes) out += field(change, paint);
  }
  for (const auto &[object, warning] : plan.warnings)
    out += "  " + paint(kYellow, "warning: ") + object + ": " + warning + "\n";
  for (const deploy::Foreign &one : plan.foreign)
    out += "  " + paint(kRed, "! " + one.id.text()) + " belongs to others: " + one.owner +
           (one.adopt.empty() ? "\n" : " (--adopt " + one.adopt + ")\n");
  if (plan.keep_replicas)
    out += "    spec.replicas passes to the autoscaler, at its present value\n";
  out +=
      "plan: " + plan.summary() +
      (plan.checked ? "" : "; the namespace is not there yet, so the server could not check it") +
      "\n";
  return out;
}

std::string json_of(const deploy::Plan &plan) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("checked").boolean(plan.checked).key("empty").boolean(plan.empty());
  out.key("objects").begin_array();
  for (const deploy::Item &item : plan.items) {
    out.begin_object().key("action").string(look_of(item.action).word);
    out.key("kind").string(item.id.kind).key("name").string(item.id.name);
    out.key("namespace").string(item.id.ns).key("fields").begin_array();
    for (const kube::Change &change : item.changes) {
      out.begin_object().key("path").string(change.path);
      out.key("before").string(change.before).key("after").string(change.after).end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().key("warnings").begin_array();
  for (const auto &[object, warning] : plan.warnings)
    out.begin_object().key("object").string(object).key("text").string(warning).end_object();
  out.end_array().key("needsAdoption").begin_array();
  for (const deploy::Foreign &one : plan.foreign) {
    out.begin_object().key("kind").string(one.id.kind).key("name").string(one.id.name);
    out.key("namespace").string(one.id.ns).key("owner").string(one.owner);
    out.key("adopt").string(one.adopt).end_object();
  }
  out.end_array().end_object();
  return text;
}

} // namespace hello::cli
