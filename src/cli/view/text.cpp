#include <set>

#include <unistd.h>

#include <fmt/core.h>

#include "cli/view/progress.h"
#include "hello/file.h"
#include "hello/signals.h"
#include "hello/terminal.h"

namespace hello::progress {
namespace {

constexpr const char *kDim = "\033[2m", *kRed = "\033[31m", *kGreen = "\033[32m",
                     *kYellow = "\033[33m", *kPlain = "\033[0m";

/// Words of others: they do not command the terminal.
std::string indented(const std::string &text) {
  std::string out;
  for (const char c : text) {
    out += (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c;
    if (c == '\n') out += "    ";
  }
  return out;
}

/// Lines that stay, and below them, on a terminal, a block that is drawn anew.
class TextView final : public View {
public:
  TextView()
      : live_(sys::is_terminal(STDERR_FILENO)), colour_(sys::has_colour(STDERR_FILENO)),
        start_(sys::Clock::now()) {}
  ~TextView() override { clear(); }

  void tell(const deploy::Event &event) override {
    std::string line;
    const std::string about = event.object.empty() ? "" : event.object + ": ";
    if (event.name == "tick") return live_ ? draw() : void();
    if (event.name == "progress") {
      state_ = *event.progress;
      waiting_ = true;
      if (live_) return draw();
      line = event.text;
    } else if (event.name == "pod") {
      if (live_) return; // the block shows it
      line = about + event.text;
    } else if (event.plan) {
      line = text_of(*event.plan, colour_);
      line.pop_back();
    } else if (event.name == "reachable") {
      return out("reachable: " + event.text);
    } else if (event.name == "problem" || event.name == "failing" || event.name == "failed" ||
               event.name == "superseded" || event.name == "gone") {
      if (event.name != "problem") waiting_ = false;
      line = paint(kRed, event.name == "problem" ? "problem: " : "failed: ") + about +
             indented(event.text);
    } else if (event.name == "warning" || event.name == "event") {
      line = paint(kYellow, event.name == "event" ? "event: " : "warning: ") + about +
             indented(event.text);
    } else if (event.name == "ready") {
      waiting_ = false;
      line = paint(kGreen, about + event.text);
    } else {
      line = about + indented(event.text);
    }
    say(line);
  }

private:
  std::string paint(const char *colour, const std::string &text) const {
    return colour_ ? colour + text + kPlain : text;
  }

  /// A reader that left, or a full disk, must not end what the cluster is in the middle of.
  static void err(std::string_view bytes) { sys::write_all(STDERR_FILENO, bytes); }

  void say(const std::string &line) {
    clear();
    if (said_.insert(line).second) err(line + "\n");
    if (live_ && waiting_) draw();
  }

  void out(const std::string &line) {
    clear();
    if (said_.insert(line).second) sys::write_all(STDOUT_FILENO, line + "\n");
  }

  void clear() {
    if (drawn_ > 0) err(fmt::format("\r\033[{}A\033[J", drawn_));
    drawn_ = 0;
  }

  void draw() {
    if (!waiting_) return;
    const auto size = sys::terminal_size(STDERR_FILENO);
    const auto fit = [&](std::string text) {
      return static_cast<int>(text.size()) > size.columns - 1
                 ? text.substr(0, static_cast<std::size_t>(size.columns - 1))
                 : text;
    };
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(sys::Clock::now() - start_).count();
    std::string block =
        fit(fmt::format("{} of {} available, {} updated, {} old  ({} s)", state_.available,
                        state_.wanted, state_.updated, state_.old, seconds)) +
        "\n";
    int lines = 1;
    for (const deploy::PodLine &pod : state_.pods) {
      if (lines >= size.rows - 2) break;
      std::string row =
          fit(fmt::format("  {}  {:<9}{}{}", pod.name, pod.step,
                          pod.restarts ? fmt::format("  {} restarts", pod.restarts) : "",
                          pod.note.empty() ? "" : "  " + pod.note));
      block += paint(!pod.note.empty() ? kRed : pod.step == "ready" ? kGreen : kDim, row) + "\n";
      ++lines;
    }
    clear();
    err(block);
    drawn_ = lines;
  }

  bool live_, colour_, waiting_ = false;
  sys::Deadline start_;
  deploy::Progress state_;
  std::set<std::string> said_;
  int drawn_ = 0;
};

} // namespace

std::unique_ptr<View> text_view() { return std::make_unique<TextView>(); }

} // namespace hello::progress
