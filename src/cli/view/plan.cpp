#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "hello/json.h"
#include "hello/mask.h"
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
  case Action::replace: return {"±", "replace", kRed};
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

constexpr std::size_t kShown = 200; ///< bytes of a value

std::size_t first_difference(std::string_view a, std::string_view b) {
  const auto end = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (at < end && a[at] == b[at]) ++at;
  return at;
}

/// kShown bytes of a text that differs at `at`.
std::string around(std::string_view text, std::size_t at) {
  if (text.size() <= kShown) return std::string(text);
  std::size_t from = at < kShown / 4 ? 0 : std::min(at, text.size()) - kShown / 4;
  while (from > 0 && from < text.size() && (text[from] & 0xC0) == 0x80) --from;
  return (from > 0 ? "…" : "") + text::shortened(text.substr(from), kShown);
}

/// Without the values of Secrets, of which a cut would leave a part.
kube::Change masked(kube::Change change) {
  change.before = mask::applied(change.before);
  change.after = mask::applied(change.after);
  return change;
}

/// A change as it is shown: values past kShown are cut around their first difference.
kube::Change shown(kube::Change change) {
  const std::size_t at = first_difference(change.before, change.after);
  for (std::string *value : {&change.before, &change.after})
    if (value->size() > kShown)
      *value = fmt::format("{} ({} bytes)", around(*value, at), value->size());
  return change;
}

/// Lines of one side, up to kShown bytes.
std::string side(std::span<const std::string> lines, std::span<const std::string> other,
                 std::string_view mark, const Paint &paint, std::string_view colour) {
  std::string out;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (bytes >= kShown)
      return out + "          … " + counted(lines.size() - i, "more line") + "\n";
    const std::size_t at = i < other.size() ? first_difference(lines[i], other[i]) : 0;
    out += "        " + paint(colour, fmt::format("{} {}", mark, around(lines[i], at))) + "\n";
    bytes += lines[i].size();
  }
  return out;
}

/// The changed lines of a text, with one equal line before and after them.
std::string text_change(const kube::Change &change, const Paint &paint) {
  const auto before = lines_of(change.before), after = lines_of(change.after);
  std::size_t head = 0, tail = 0;
  while (head < std::min(before.size(), after.size()) && before[head] == after[head]) ++head;
  while (tail < std::min(before.size(), after.size()) - head &&
         before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  const auto old = std::span(before).subspan(head, before.size() - tail - head);
  const auto now = std::span(after).subspan(head, after.size() - tail - head);
  std::string out;
  if (head > 0) out += "          " + around(before[head - 1], 0) + "\n";
  out += side(old, now, "-", paint, kRed) + side(now, old, "+", paint, kGreen);
  if (tail > 0) out += "          " + around(before[before.size() - tail], 0) + "\n";
  return out;
}

std::string sizes(const kube::Change &change) {
  if (std::max(change.before.size(), change.after.size()) <= kShown) return "";
  return fmt::format(" ({} → {} bytes)", change.before.size(), change.after.size());
}

std::string field(const kube::Change &whole, const Paint &paint) {
  if (whole.text && !whole.given_up)
    return fmt::format("      {}{}:\n{}", whole.path, sizes(whole), text_change(whole, paint));
  const kube::Change change = shown(whole);
  if (change.given_up)
    return fmt::format("      {}: given up, stays {}\n", change.path,
                       change.after == kube::kHidden ? "as it is" : change.after);
  if (change.before == change.after) // of a Secret
    return fmt::format("      {}: {}\n", change.path, change.after);
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
    if (plan.unchecked.count(item.id))
      out += fmt::format(" ({}not checked by the server)",
                         item.action == Action::create ? "new, " : "");
    if (item.action == Action::replace) out += " (removed and created again)";
    if (item.action == Action::adopt) out += " (no change; hello becomes one of its managers)";
    out += '\n';
    for (const kube::Change &change : item.changes) out += field(masked(change), paint);
  }
  for (const deploy::event::Warning &one : plan.warnings)
    out += "  " + paint(kYellow, "warning: ") + one.object + ": " + one.text + "\n";
  for (const deploy::Foreign &one : plan.foreign)
    out += "  " + paint(kRed, "! " + one.id.text()) + " is owned by something else: " + one.owner +
           (one.adopt.empty() ? "\n" : " (--adopt " + one.adopt + ")\n");
  if (plan.keep_replicas)
    out += "    spec.replicas passes to the autoscaler, at its current value\n";
  out += "plan: " + plan.summary() +
         (plan.checked
              ? ""
              : "; the namespace does not exist yet, so the server could not check the plan") +
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
    out.key("namespace").string(item.id.ns);
    if (plan.unchecked.count(item.id)) out.key("checked").boolean(false);
    out.key("fields").begin_array();
    for (const kube::Change &whole : item.changes) {
      const kube::Change change = shown(masked(whole));
      out.begin_object().key("path").string(change.path);
      out.key("before").string(change.before).key("after").string(change.after);
      if (change.given_up) out.key("givenUp").boolean(true);
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array().key("warnings").begin_array();
  for (const deploy::event::Warning &one : plan.warnings)
    out.begin_object().key("object").string(one.object).key("text").string(one.text).end_object();
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
