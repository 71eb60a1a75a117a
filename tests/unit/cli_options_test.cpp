#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "cli/commands/commands.h"

using namespace hello;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<const char *>;

/// The options that a command reads from its arguments. Nothing runs.
template <typename Options> Options parsed(Words words) {
  Options options;
  words.insert(words.begin(), {"hello", "command"});
  cli::parse(static_cast<int>(words.size()), words.data(), [&](const cli::Command &app) {
    const cli::Command command = app.subcommand("command", "");
    declare(command, options);
    command.action([] { return Exit::ok; });
  });
  return options;
}

/// Why hello refuses a line, with the exit code; empty if it takes it.
std::string refusal(Words words) {
  words.insert(words.begin(), "hello");
  try {
    cli::parse(static_cast<int>(words.size()), words.data(), cli::declare_all);
  } catch (const Error &error) {
    CHECK(error.code() == Exit::usage);
    return error.words();
  }
  return "";
}

/// Sets a variable of the environment while it lives.
struct Variable {
  const char *name;
  Variable(const char *variable, const char *value) : name(variable) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name); }
};

} // namespace

TEST_CASE("options of deploy, diff and rollback") {
  const auto deploy = parsed<cli::DeployOptions>(
      {"--context", "a", "--context=b", "--image", "hello:2", "--set", "replicas=3", "-o", "json",
       "--no-rollback", "--dry-run", "--allow", "image", "--verify", "http://x", "--", "--prune"});
  CHECK(deploy.config.contexts == std::vector<std::string>{"a", "b"});
  REQUIRE(deploy.config.set.size() == 2); // in the order of the line
  CHECK(deploy.config.set[0].key == "image");
  CHECK(deploy.config.set[1].key == "replicas");
  CHECK(deploy.config.set[1].value == "3");
  CHECK(deploy.format == cli::Format::json);
  CHECK(deploy.no_rollback);
  CHECK(deploy.dry_run);
  CHECK_FALSE(deploy.no_verify);
  CHECK(deploy.verify_url == "http://x");
  CHECK(deploy.allow == std::vector<std::string>{"image"});
  CHECK(deploy.kubectl_args == std::vector<std::string>{"--prune"});

  const auto diff =
      parsed<cli::DiffOptions>({"--exit-code", "--force-conflicts", "--context", "a"});
  CHECK(diff.exit_code);
  CHECK(diff.force_conflicts);
  CHECK(diff.config.context == "a");
  CHECK(diff.format == cli::Format::text);

  CHECK(parsed<cli::RollbackOptions>({"12", "--no-verify"}).revision == 12);
  CHECK_FALSE(parsed<cli::RollbackOptions>({}).revision);
}

TEST_CASE("options of the commands that read a release") {
  CHECK(parsed<cli::HistoryOptions>({"7"}).revision == 7);
  CHECK(parsed<cli::HistoryOptions>({"-o", "json"}).format == cli::Format::json);
  const auto status = parsed<cli::StatusOptions>({"-w", "--config", "x.yaml"});
  CHECK(status.watch);
  CHECK_FALSE(status.verify);
  CHECK(status.config.file == "x.yaml");
  const auto logs = parsed<cli::LogsOptions>({"-f", "--since", "1h30m", "--tail", "5", "--bare"});
  CHECK(logs.logs.follow);
  CHECK(logs.logs.tail == 5);
  CHECK(logs.since == 90min);
  CHECK(logs.bare);
  CHECK(parsed<cli::LogsOptions>({}).since < 0ms);
  CHECK(parsed<cli::TopOptions>({"-ojson"}).format == cli::Format::json);
  const auto undeploy = parsed<cli::UndeployOptions>({"--yes", "--dry-run"});
  CHECK(undeploy.yes);
  CHECK(undeploy.dry_run);
}

TEST_CASE("options of the commands that need no cluster") {
  const auto render = parsed<cli::RenderOptions>(
      {"--only", "Service", "--only", "Deployment/hello", "--split", "out", "--deployer"});
  CHECK(render.only == std::vector<std::string>{"Service", "Deployment/hello"});
  CHECK(render.split == "out");
  CHECK(render.deployer);
  CHECK(render.format == cli::Format::text);
  CHECK(parsed<cli::ShowConfigOptions>({"-o", "json"}).format == cli::Format::json);
  CHECK(parsed<cli::InitOptions>({}).path == "hello.yaml");
  CHECK(parsed<cli::InitOptions>({"-", "--force"}).path == "-");
  const auto lint = parsed<cli::LintOptions>({"--rules", "--allow", "a", "--allow", "b"});
  CHECK(lint.rules);
  CHECK(lint.allow == std::vector<std::string>{"a", "b"});
  CHECK(parsed<sys::Follow>({"log", "--position", "p"}).position == "p");
  const auto healthcheck = parsed<cli::HealthcheckOptions>({"http://x", "--timeout", "9"});
  CHECK(healthcheck.url == "http://x");
  CHECK(healthcheck.timeout_seconds == 9);
  CHECK(parsed<cli::VersionOptions>({"--output=json"}).format == cli::Format::json);
}

TEST_CASE("options of serve: the line before the environment before the default") {
  const auto serve = parsed<server::Options>(
      {"--listen", ":1", "--drain-delay", "500ms", "--threads", "2", "--threads", "3",
       "--trusted-proxies", "10.0.0.0/8,::1", "--no-sandbox", "--access-log", "off"});
  CHECK(serve.listen == ":1");
  CHECK(serve.admin_listen == ":8081");
  CHECK(serve.drain_delay == 500ms);
  CHECK(serve.threads == 3);
  CHECK(serve.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "::1"});
  CHECK_FALSE(serve.sandbox);
  CHECK(serve.access_log == "off");

  const Variable threads("HELLO_THREADS", "7"), sandbox("HELLO_SANDBOX", "false");
  const Variable messages("MESSAGES", "");
  CHECK(parsed<server::Options>({}).threads == 7);
  CHECK(parsed<server::Options>({"--threads", "1"}).threads == 1);
  CHECK_FALSE(parsed<server::Options>({}).sandbox);
  CHECK(parsed<server::Options>({"--sandbox"}).sandbox);
  CHECK(parsed<server::Options>({}).messages.empty());
}

TEST_CASE("a wrong line is a usage error that names the word, the place and what is accepted") {
  const struct {
    Words words;
    const char *why;
  } lines[] = {
      {{}, "A subcommand is required\n  hello --help says more"},
      {{"deplyo"}, "there is no command 'deplyo' (nearest: deploy)\n  hello --help says more"},
      {{"--image", "x", "render"},
       "'--image' stands before the command: options come after it\n  hello render --help says "
       "more"},
      {{"render", "--imag", "x"},
       "there is no option '--imag' (nearest: --image)\n  hello render --help says more"},
      {{"status", "x"}, "unexpected argument 'x'\n  hello status --help says more"},
      {{"config", "shema"},
       "there is no command 'shema' (nearest: schema)\n  hello config --help says more"},
      {{"tail"}, "FILE is required\n  hello tail --help says more"},
      {{"top", "-o", "xml"},
       "--output: invalid value 'xml': use text or json\n  hello top --help says more"},
      {{"render", "-o", "text|json"},
       "--output: invalid value 'text|json': use yaml or json\n  hello render --help says more"},
      {{"history", "0"},
       "REVISION: '0' is not a whole number between 1 and 2147483647\n"
       "  hello history --help says more"},
      {{"logs", "--since", "soon"},
       "--since: 'soon' is no duration from 0 to 8760h, such as 500ms, 10s or 5m\n"
       "  hello logs --help says more"},
      {{"serve", "--idle-timeout", "0"},
       "--idle-timeout: must be more than 0\n  hello serve --help says more"},
      {{"lint", "--set", "image"},
       "--set: 'image' is not KEY=VALUE\n  hello lint --help says more"},
      {{"lint", "--set-file", "=x"},
       "--set-file: '=x' is not KEY=PATH\n  hello lint --help says more"},
  };
  for (const auto &line : lines) {
    CAPTURE(line.why);
    CHECK(refusal(line.words) == line.why);
  }
  CHECK(refusal({"logs", "--tail"}).starts_with("--tail"));
  CHECK(refusal({"status", "--context", "a", "--context", "b"}).starts_with("--context"));
  const Variable delay("HELLO_DRAIN_DELAY", "never");
  CHECK(refusal({"serve"}).starts_with("HELLO_DRAIN_DELAY: 'never' is no duration"));
}

TEST_CASE("each command takes --help") {
  for (const char *command :
       {"render", "deploy", "diff", "history", "rollback", "status", "logs", "top", "undeploy",
        "config", "init", "lint", "tail", "serve", "healthcheck", "version"}) {
    CAPTURE(command);
    CHECK(refusal({command, "--help"}).empty());
  }
}
