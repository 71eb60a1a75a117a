#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "cli/view/live_block.h"
#include "cli/view/output.h"
#include "cli/view/patience.h"
#include "cli/view/table.h"
#include "hello/signals.h"
#include "hello/terminal.h"
#include "hello/text.h"

namespace hello::cli {
namespace {

namespace event = deploy::event;

/// Continuation lines indented; control characters in text from the cluster replaced.
std::string indented(const std::string &text) {
  std::string out;
  for (const char c : text) {
    out += (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
    if (c == '\n') out += "    ";
  }
  return out;
}

/// The word before a line.
struct Label {
  std::string_view text, colour;
};
Label label_of(EventText::Tone tone) {
  switch (tone) {
  case EventText::Tone::plain:
  case EventText::Tone::good: break;
  case EventText::Tone::warning: return {"warning: ", kYellow};
  case EventText::Tone::cluster: return {"event: ", kYellow};
  case EventText::Tone::problem: return {"problem: ", kRed};
  case EventText::Tone::failure: return {"failed: ", kRed};
  }
  return {"", ""};
}

std::string_view colour_of(const event::Pod &pod) {
  if (!pod.problem.empty()) return kRed;
  return pod.step == kube::Step::ready ? kGreen : kDim;
}

/// Prints lines that stay. On a terminal, draws a block below them that follows the progress; its
/// last state stays as well.
class TextView final : public View {
public:
  explicit TextView(const Console &console)
      : live_(sys::is_terminal(STDERR_FILENO) && !console.quiet), quiet_(console.quiet),
        paint_(console.paint(STDERR_FILENO)), start_(sys::Clock::now()), block_(paint_) {
    if (!quiet_)
      patience_.emplace([this](const std::string &line) {
        const std::lock_guard lock(mutex_);
        say(line);
      });
  }

  void show(const deploy::Event &event) override {
    {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<event::RollingBack>(event)) twentieth_ = -1;
      show_now(event);
    }
    if (!patience_) return;
    if (std::holds_alternative<event::Progress>(event) ||
        std::holds_alternative<event::Tick>(event))
      patience_->expect(""); // a tick says it
    else
      patience_->hear(event);
  }

private:
  void show_now(const deploy::Event &event) {
    if (std::holds_alternative<event::Tick>(event)) return tick();
    if (const auto *progress = std::get_if<event::Progress>(&event)) {
      state_ = *progress;
      waiting_ = true;
      if (live_) return draw();
      if (!is_worth_a_line()) return;
    }
    const auto *pod = std::get_if<event::Pod>(&event);
    if (pod && (live_ || ++pods_ > kPodLines)) return;       // the block, or the counts, show it
    if (std::holds_alternative<event::Ended>(event)) return; // main prints it
    if (const auto *planned = std::get_if<event::Planned>(&event)) {
      if (quiet_) return;
      std::string text = text_of(*planned->plan, paint_);
      text.pop_back();
      return say(text);
    }
    const EventText words = event_text(event);
    if (std::holds_alternative<event::Reachable>(event)) return out("reachable: " + words.text);
    const bool good = words.tone == EventText::Tone::good;
    if (quiet_ && (good || words.tone == EventText::Tone::plain)) return;
    if (good || words.tone == EventText::Tone::failure) end_block();
    const std::string about = words.object.empty() ? "" : words.object + more(event) + ": ";
    if (good) return say(paint_(kGreen, about + words.text));
    const Label label = label_of(words.tone);
    say((label.text.empty() ? "" : paint_(label.colour, label.text)) + about +
        indented(words.text));
  }

  /// How many objects share a problem.
  static std::string more(const deploy::Event &event) {
    const auto *problem = std::get_if<event::Problem>(&event);
    return problem && problem->more > 0 ? fmt::format(" and {} more", problem->more) : "";
  }

  void tick() {
    if (live_) return draw();
    if (!waiting_ || quiet_ || sys::Clock::now() - said_at_ < silence_) return;
    silence_ = std::min(silence_ * 2, std::chrono::seconds(60));
    say("waiting: " + event_text(deploy::Event(state_)).text);
  }

  /// Of a large rollout, each twentieth of the way.
  bool is_worth_a_line() {
    const std::int64_t steps = state_.updated + state_.available,
                       step = std::max<std::int64_t>(1, state_.wanted / 10);
    const bool done = state_.available == state_.wanted && state_.old == 0;
    if (state_.wanted <= kSmall || done) return true;
    if (steps / step <= twentieth_) return false; // pods that crash come and go
    twentieth_ = steps / step;
    return true;
  }

  /// Errors are ignored: a reader that left or a full disk must not end a rollout.
  void say(const std::string &line) {
    if (!said_.insert(line).second) return;
    said_at_ = sys::Clock::now();
    if (live_ && waiting_)
      block_.draw(lines(), line + "\n");
    else
      tell(STDERR_FILENO, line + "\n");
  }

  void out(const std::string &line) {
    if (!said_.insert(line).second) return;
    block_.clear();
    tell(STDOUT_FILENO, line + "\n");
    draw();
  }

  void draw() {
    if (live_ && waiting_) block_.draw(lines());
  }

  void end_block() {
    draw();
    block_.keep();
    waiting_ = false;
  }

  std::vector<LiveBlock::Line> lines() {
    constexpr Column columns[] = {{""}, {"", 9}};
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(sys::Clock::now() - start_).count();
    std::vector<LiveBlock::Line> all{
        {fmt::format("{} of {} available, {} updated, {} old  ({} s)", state_.available,
                     state_.wanted, state_.updated, state_.old, seconds),
         ""}};
    const auto room =
        static_cast<std::size_t>(std::max(sys::terminal_size(STDERR_FILENO).rows - 3, 1));
    const std::vector<event::Pod> &pods = state_.pods.size() <= room ? state_.pods : grouped();
    for (const event::Pod &pod : pods) {
      if (all.size() > room) break;
      std::string line = "  " + row(columns, {pod.name, name_of(pod.step)});
      if (pod.restarts) line += "  " + counted(static_cast<std::size_t>(pod.restarts), "restart");
      if (!pod.problem.empty()) line += "  " + pod.problem;
      all.push_back({std::move(line), colour_of(pod)});
    }
    return all;
  }

  /// One line for all pods that are equally far, with the same problem; the most first.
  const std::vector<event::Pod> &grouped() {
    std::map<std::pair<kube::Step, std::string>, std::size_t> counts;
    for (const event::Pod &pod : state_.pods)
      ++counts[{pod.step, pod.problem.substr(0, pod.problem.find(", "))}]; // without restarts
    std::vector<std::pair<std::size_t, event::Pod>> groups;
    groups.reserve(counts.size());
    for (const auto &[what, count] : counts)
      groups.push_back({count, {counted(count, "pod"), what.first, 0, what.second}});
    std::stable_sort(groups.begin(), groups.end(),
                     [](const auto &a, const auto &b) { return a.first > b.first; });
    groups_.clear();
    for (auto &[count, group] : groups) groups_.push_back(std::move(group));
    return groups_;
  }

  static constexpr int kPodLines = 30;       ///< lines about single pods, off a terminal
  static constexpr std::int64_t kSmall = 10; ///< pods of which each change is a line
  int pods_ = 0;
  std::int64_t twentieth_ = -1;
  std::chrono::seconds silence_{2};
  std::vector<event::Pod> groups_;
  bool live_, quiet_, waiting_ = false;
  Paint paint_;
  sys::Deadline start_, said_at_ = start_;
  event::Progress state_;
  std::set<std::string> said_;
  LiveBlock block_;
  std::mutex mutex_; ///< of all output
  std::optional<Patience> patience_;
};

} // namespace

std::unique_ptr<View> text_view(const Console &console) {
  return std::make_unique<TextView>(console);
}

} // namespace hello::cli
