#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "hello/fd.h"
#include "hello/file.h"
#include "hello/json.h"
#include "hello/terminal.h"

namespace hello::cli {
namespace {

constexpr int kQuit = 128 + SIGQUIT;

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

} // namespace

Exit run(const sys::Follow &options) {
  sys::Follow what = options;
  const bool has_terminal = sys::is_terminal(STDIN_FILENO);
  const sigset_t ends = ending_signals(has_terminal);
  for (const int number : {SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
  std::signal(SIGQUIT, [](int) { ::_exit(kQuit); });
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN); // a reader that left ends the copying, not the process
  const sys::Fd stop(signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!stop) throw Error(Exit::failure, "cannot wait for signals");
  what.stop = stop.get();
  what.skipped = [](std::uint64_t files) {
    std::string line;
    json::Writer out(line);
    out.begin_object().key("level").string("warning");
    out.key("msg").string("log lines lost: rotated before they could be read");
    out.key("files").number(static_cast<std::int64_t>(files)).end_object();
    sys::write_all(STDERR_FILENO, line + "\n");
  };
  sys::follow(what);
  signalfd_siginfo last{};
  const bool by_signal = ::read(stop.get(), &last, sizeof last) == sizeof last;
  return by_signal && last.ssi_signo != SIGTERM && has_terminal ? Exit::interrupted : Exit::ok;
}

void declare(const Command &command, sys::Follow &options) {
  command.section("Arguments");
  OptionSpec file{"file of hello serve --access-log-file; it need not exist yet"};
  file.completes = Completes::file;
  OptionSpec position{"file that keeps how far it got, so that a restart goes on there", "FILE"};
  position.completes = Completes::file;
  file.required = true;
  command.text("FILE", options.path, file);
  command.section();
  command.text("--position", options.position, position);
  command.details(
      "Ends on SIGTERM or SIGINT, when what is in the file has been copied; exit 0, or 130 after "
      "SIGINT at a terminal. SIGQUIT ends it at once, exit 131. As a native sidecar it starts "
      "before the service and is ended after it, so the last lines come too.");
  command.example("hello tail /tmp/access.log", "copy the log to stdout");
}

} // namespace hello::cli
