#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "hello/fd.h"
#include "hello/file.h"
#include "hello/json.h"

namespace hello::cli {

Exit run(const sys::Follow &options) {
  sys::Follow what = options;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN); // a reader that left ends the copying, not the process
  const sys::Fd stop(signalfd(-1, &ends, SFD_CLOEXEC));
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
  return Exit::ok;
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
      "Ends on SIGTERM or SIGINT, when what is in the file has been copied. As a native "
      "sidecar it starts before the service and is ended after it, so the last lines "
      "come too.");
  command.example("hello tail /tmp/access.log", "copy the log to stdout");
}

} // namespace hello::cli
