#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "hello/fd.h"
#include "hello/file.h"
#include "hello/notice.h"

namespace hello::cli {
namespace {

constexpr int kQuit = 128 + SIGQUIT;
/// How long the copying may stand still once it is to end.
constexpr int kStallMs = 1000;

/// The signals that end it once all is copied. A SIGHUP that was not ignored at the start counts as
/// SIGINT if stdin is a terminal, which is gone then; else there is nothing to refresh.
sigset_t ending_signals(bool has_terminal) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  if (std::signal(SIGHUP, SIG_IGN) != SIG_IGN && has_terminal) sigaddset(&ends, SIGHUP);
  return ends;
}

void warn(server::Event event, std::string_view message, std::string_view name,
          std::uint64_t number) {
  using namespace server;
  const std::string digits = std::to_string(number);
  notice(Level::warning, event, message, {{name, digits, Note::Kind::number}});
}

/// The copying, shared with its thread: a file, or the reader of stdout, may stand still forever.
struct Copying {
  sys::Follow what;
  std::atomic<std::uint64_t> copied{0};
  sys::Fd stop;
  sys::Pipe ended = sys::make_pipe(O_CLOEXEC); ///< its write end closes at the end
  std::exception_ptr error;

  void run() noexcept {
    try {
      sys::follow(what);
    } catch (...) {
      error = std::current_exception();
    }
    ended.write.reset();
  }
};

/// Waits for the end of the copying, or for `also`, if it is a descriptor. Returns whether the
/// copying has ended.
bool has_ended(const Copying &copying, int also, int timeout_ms) {
  pollfd sources[] = {{copying.ended.read.get(), POLLIN, 0}, {also, POLLIN, 0}};
  while (::poll(sources, 2, timeout_ms) < 0 && errno == EINTR) {
  }
  return sources[0].revents != 0;
}

/// Waits for a signal, and then for the end, as long as something is copied. Returns false if the
/// thread is left behind.
bool wait_for_end(const Copying &copying) {
  if (has_ended(copying, copying.stop.get(), -1)) return true;
  std::uint64_t before = 0, now = copying.copied;
  do {
    if (has_ended(copying, -1, kStallMs)) return true;
    before = std::exchange(now, copying.copied);
  } while (now != before);
  return false;
}

} // namespace

Exit run(const TailOptions &options) {
  server::set_notice_format(server::log_format(options.log_format, STDERR_FILENO));
  const bool has_terminal = ::isatty(STDIN_FILENO) == 1;
  const sigset_t ends = ending_signals(has_terminal);
  for (const int number : {SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
  std::signal(SIGQUIT, [](int) { ::_exit(kQuit); });
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN); // a reader that left ends the copying, not the process
  const auto copying = std::make_shared<Copying>();
  copying->stop.reset(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!copying->stop) throw Error(Exit::failure, "cannot wait for signals");
  copying->what = options.follow;
  copying->what.stop = copying->stop.get();
  copying->what.copied = &copying->copied;
  copying->what.skipped = [](std::uint64_t files) {
    warn(server::Event::lines_lost, "log lines lost: rotated before they could be read", "files",
         files);
  };
  copying->what.truncated = [file = options.follow.path] {
    using namespace server;
    notice(Level::warning, Event::log_file,
           "the log file was truncated: what was not yet copied is lost", {{"file", file}});
  };
  std::thread thread([copying] { copying->run(); });
  if (wait_for_end(*copying)) {
    thread.join();
    if (copying->error) std::rethrow_exception(copying->error);
  } else {
    thread.detach();
    warn(server::Event::cut_off,
         "ended before all was copied: the file or the reader does not respond", "copied_bytes",
         copying->copied);
  }
  signalfd_siginfo last{};
  const bool by_signal = ::read(copying->stop.get(), &last, sizeof last) == sizeof last;
  return by_signal && last.ssi_signo != SIGTERM && has_terminal ? Exit::interrupted : Exit::ok;
}

void declare(const Command &command, TailOptions &options) {
  command.section("Arguments");
  OptionSpec file{"file that hello serve --access-log-file writes; it need not exist yet"};
  file.completes = Completes::file;
  OptionSpec position{"file that records the position, so that a restart continues there", "FILE"};
  position.completes = Completes::file;
  file.required = true;
  command.text("FILE", options.follow.path, file);
  command.section();
  add_log_format(command, options.log_format);
  command.text("--position", options.follow.position, position);
  command.details(
      "Ends on SIGTERM or SIGINT once the rest of the file is copied, or nothing could be "
      "copied for a second; exit 0, or 130 after SIGINT at a terminal. SIGQUIT ends it "
      "at once, exit 131. A native sidecar starts before the service and ends after "
      "it, so it copies the last lines too.");
  command.example("hello tail /tmp/access.log", "copy the log to stdout");
  command.example("hello tail access.log --position seen", "continue there after a restart");
}

} // namespace hello::cli
