#include <map>
#include <set>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/counted.h"
#include "cli/view/events.h"
#include "cli/view/output.h"
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

/// Prints lines that stay. On a terminal, draws a block below them that follows the progress.
class TextView final : public View {
public:
  explicit TextView(const Console &console)
      : live_(sys::is_terminal(STDERR_FILENO) && !console.quiet), quiet_(console.quiet),
        paint_(console.paint(STDERR_FILENO)), start_(sys::Clock::now()) {}
  ~TextView() override { clear(); }

  void show(const deploy::Event &event) override {
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
    if (good || words.tone == EventText::Tone::failure) waiting_ = false;
    const std::string about = words.object.empty() ? "" : words.object + ": ";
    if (good) return say(paint_(kGreen, about + words.text));
    const Label label = label_of(words.tone);
    say((label.text.empty() ? "" : paint_(label.colour, label.text)) + about +
        indented(words.text));
  }

private:
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
    return std::exchange(twentieth_, steps / step) != steps / step;
  }

  /// Ignores errors: a reader that left or a full disk must not end a rollout.
  static void err(std::string_view bytes) { tell(STDERR_FILENO, bytes); }

  void say(const std::string &line) {
    clear();
    if (said_.insert(line).second) {
      err(line + "\n");
      said_at_ = sys::Clock::now();
    }
    if (live_ && waiting_) draw();
  }

  void out(const std::string &line) {
    clear();
    if (said_.insert(line).second) tell(STDOUT_FILENO, line + "\n");
  }

  void clear() {
    if (drawn_ > 0) err(fmt::format("\r\033[{}A\033[J", drawn_));
    drawn_ = 0;
  }

  void draw() {
    if (!waiting_) return;
    constexpr Column columns[] = {{""}, {"", 9}};
    const auto size = sys::terminal_size(STDERR_FILENO);
    const auto fit = [&](std::string_view line) {
      return text::fitted(line, static_cast<std::size_t>(size.columns - 1));
    };
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(sys::Clock::now() - start_).count();
    std::string block(
        fit(fmt::format("{} of {} available, {} updated, {} old  ({} s)", state_.available,
                        state_.wanted, state_.updated, state_.old, seconds)));
    block += '\n';
    int lines = 1;
    const auto room = static_cast<std::size_t>(std::max(size.rows - 3, 1));
    const std::vector<event::Pod> &pods = state_.pods.size() <= room ? state_.pods : grouped();
    for (const event::Pod &pod : pods) {
      if (lines >= size.rows - 2) break;
      std::string line = "  " + row(columns, {pod.name, name_of(pod.step)});
      if (pod.restarts) line += "  " + counted(static_cast<std::size_t>(pod.restarts), "restart");
      if (!pod.problem.empty()) line += "  " + pod.problem;
      block += paint_(colour_of(pod), fit(line)) + "\n";
      ++lines;
    }
    clear();
    err(block);
    drawn_ = lines;
  }

  /// One line for all pods that are equally far, with the same problem.
  const std::vector<event::Pod> &grouped() {
    std::map<std::pair<kube::Step, std::string>, std::size_t> counts;
    for (const event::Pod &pod : state_.pods) ++counts[{pod.step, pod.problem}];
    groups_.clear();
    for (const auto &[what, count] : counts)
      groups_.push_back({counted(count, "pod"), what.first, 0, what.second});
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
  int drawn_ = 0;
};

} // namespace

std::unique_ptr<View> text_view(const Console &console) {
  return std::make_unique<TextView>(console);
}

} // namespace hello::cli
