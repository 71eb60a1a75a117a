#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/options/help.h"
#include "cli/options/line.h"
#include "cli/options/parse.h"
#include "hello/nearest.h"
#include "hello/text.h"

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
       "--no-rollback", "--dry-run", "--allow", "image", "--reach", "http://x", "--", "--prune"});
  CHECK(deploy.config.contexts == std::vector<std::string>{"a", "b"});
  REQUIRE(deploy.config.set.size() == 2); // in the order of the line
  CHECK(deploy.config.set[0].key == "image");
  CHECK(deploy.config.set[1].key == "replicas");
  CHECK(deploy.config.set[1].value == "3");
  CHECK(deploy.format == cli::Format::json);
  CHECK(deploy.no_rollback);
  CHECK(deploy.dry_run);
  CHECK_FALSE(deploy.no_verify);
  CHECK(deploy.reach.reach == "http://x");
  CHECK(parsed<cli::DeployOptions>({"--verify", "http://x"}).reach.verify == "http://x");
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
  CHECK_FALSE(status.reach.given());
  CHECK(parsed<cli::StatusOptions>({"--verify"}).reach.verify == "");
  CHECK(status.config.files == std::vector<std::string>{"x.yaml"});
  const auto logs = parsed<cli::LogsOptions>({"-f", "--since", "1h30m", "--tail", "5", "--bare"});
  CHECK(logs.logs.follow);
  CHECK(logs.logs.tail == 5);
  CHECK(logs.since == 90min);
  CHECK(parsed<cli::LogsOptions>({"--since", "90"}).since == 90s); // as timeout: 90
  CHECK(logs.bare);
  CHECK(parsed<cli::LogsOptions>({"--previous"}).logs.previous);
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
  CHECK(parsed<cli::TailOptions>({"log", "--position", "p"}).follow.position == "p");
  const auto healthcheck = parsed<cli::HealthcheckOptions>({"http://x", "--timeout", "9"});
  CHECK(healthcheck.url == "http://x");
  CHECK(healthcheck.timeout == 9s);
  CHECK(parsed<cli::VersionOptions>({"--output=json"}).format == cli::Format::json);
  CHECK(parsed<cli::VersionOptions>({"-o=yaml"}).format == cli::Format::yaml);
}

TEST_CASE("options of serve: flags that contradict each other on one line are refused") {
  const std::pair<Words, const char *> cases[] = {
      {{"--messages", "a", "--messages-file", "b"}, "--messages and --messages-file"},
      {{"--messages-file=b", "--messages=a"}, "--messages-file and --messages"},
      {{"--sandbox", "--no-sandbox"}, "--sandbox and --no-sandbox"},
      {{"--no-sandbox=false", "--no-sandbox"}, "--no-sandbox=false and --no-sandbox"}};
  for (auto [words, both] : cases) {
    words.insert(words.begin(), "serve");
    CHECK(refusal(words).starts_with(std::string(both) + " contradict each other"));
  }
  for (const Words &words : {Words{"serve", "--no-sandbox", "--sandbox=false"},
                             Words{"serve", "--messages=a", "--messages=b"}})
    CHECK(refusal(words).empty());
}

TEST_CASE("options of serve: a flag beats a variable, its own and that of what it excludes") {
  const Variable text("MESSAGES", "variable"), file("HELLO_MESSAGES_FILE", "/variable"),
      listen("HELLO_LISTEN", ":1"), sandbox("HELLO_SANDBOX", "off");
  const auto by_variables = parsed<server::Options>({});
  CHECK(by_variables.messages_file == "/variable");
  CHECK_FALSE(by_variables.sandbox);
  const auto by_text = parsed<server::Options>({"--messages", "flag", "--sandbox"});
  CHECK(by_text.messages == "flag");
  CHECK(by_text.messages_file.empty());
  CHECK(by_text.sandbox);
  CHECK(server::holder(by_text, "--messages") == "--messages");
  CHECK(server::holder(by_text, "--listen") == "HELLO_LISTEN");
  const auto by_file = parsed<server::Options>({"--messages-file", "/flag", "--listen=:2"});
  CHECK(by_file.messages_file == "/flag");
  CHECK(server::holder(by_file, "--messages-file") == "--messages-file");
  CHECK(server::holder(by_file, "--listen") == "--listen");
}

TEST_CASE("options of check: a run to remove is named after --cleanup, or as in 0.2.0") {
  const auto one = parsed<cli::CheckOptions>({"--cleanup", "abc"});
  CHECK(one.cleanup);
  CHECK(one.run == "abc");
  const auto old = parsed<cli::CheckOptions>({"--cleanup-run", "abc"});
  CHECK(old.cleanup);
  CHECK(old.run == "abc");
  CHECK(parsed<cli::CheckOptions>({"--cleanup"}).run.empty());
}

TEST_CASE("options of serve: an error names the variable or the flag that held the value") {
  const std::pair<const char *, const char *> wrong[] = {{"HELLO_THREADS", "x"},
                                                         {"HELLO_SANDBOX", "maybe"},
                                                         {"HELLO_IDLE_TIMEOUT", "5x"},
                                                         {"HELLO_MEMORY_LIMIT", "1"},
                                                         {"HELLO_TRUSTED_HEADER", "x"}};
  for (const auto &[name, value] : wrong) {
    const Variable variable(name, value);
    CHECK(refusal({"serve"}).starts_with(std::string(name) + ": "));
  }
  const Variable threads("HELLO_THREADS", "x");
  CHECK(refusal({"serve", "--threads=x"}).starts_with("--threads: "));
  CHECK(refusal({"serve", "--threads=1"}).empty());
}

TEST_CASE(
    "options of serve: HELLO_MESSAGES is the text unless MESSAGES is set; lists may have blanks") {
  const Variable other("HELLO_MESSAGES", "other\n");
  CHECK(parsed<server::Options>({}).messages == "other\n");
  CHECK(parsed<server::Options>({"--messages", "line"}).messages == "line");
  {
    const Variable messages("MESSAGES", "text");
    CHECK(parsed<server::Options>({}).messages == "text");
  }
  const Variable messages("MESSAGES", "");
  CHECK(parsed<server::Options>({}).messages.empty());
  CHECK(parsed<server::Options>({"--trusted-proxies", "10.0.0.0/8 , ::1"}).trusted_proxies ==
        std::vector<std::string>{"10.0.0.0/8", "::1"});
}

TEST_CASE("variables: one that neither half reads is warned of, with the nearest name") {
  CHECK(config::unknown_variable("HELLO_LISTN", "x") ==
        "unknown variable HELLO_LISTN (did you mean HELLO_LISTEN?)");
  CHECK(config::unknown_variable("HELLO_REPLICS", "3") ==
        "unknown variable HELLO_REPLICS (did you mean HELLO_REPLICAS?)");
  for (const char *known :
       {"HELLO_LISTEN", "HELLO_MEMORY_LIMIT", "HELLO_MESSAGES", "HELLO_REPLICAS", "HELLO_NAMESPACE",
        "HELLO_NAMESPACE_NAME", "HELLO_CONFIG"}) {
    INFO(known);
    CHECK(config::unknown_variable(known, "x").empty());
  }
  CHECK(config::unknown_variable("HELLO_PORT", "tcp://10.0.0.1:80").empty());
  CHECK(config::unknown_variable("HELLO_SERVICE_HOST", "10.0.0.1").empty());
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
    const char *why, *path;
  } lines[] = {
      {{"--image", "x"}, "no command given", "hello"},
      {{"--quux"}, "unknown option '--quux'", "hello"},
      {{"--quux", "--help"}, "unknown option '--quux'", "hello"},
      {{"--helpp"}, "unknown option '--helpp' (did you mean --help?)", "hello"},
      {{"--vresion"}, "unknown option '--vresion' (did you mean --version?)", "hello"},
      {{"--imge"}, "unknown option '--imge' (did you mean --image?)", "hello"},
      {{""}, "unknown command ''", "hello"},
      {{"deploy", ""}, "unexpected argument ''", "hello deploy"},
      {{"deploy", "help"}, "unexpected argument 'help'", "hello deploy"},
      {{"deploy", "--context", ""}, "--context is empty: name a context", "hello deploy"},
      {{"--context=", "list"}, "--context is empty: name a context", "hello list"},
      {{"render", "--split", ""}, "--split is empty: name a directory", "hello render"},
      {{"diff", "--save="}, "--save is empty: name a file", "hello diff"},
      {{"deploy", "--verify", "--verify"}, "--verify is given twice: '' and ''", "hello deploy"},
      {{"lint", "--unset", ""}, "--unset: '' is not KEY", "hello lint"},
      {{"deplyo"}, "unknown command 'deplyo' (did you mean deploy?)", "hello"},
      {{"deplyo", "--help"}, "unknown command 'deplyo' (did you mean deploy?)", "hello"},
      {{"help", "deplyo"}, "unknown command 'deplyo' (did you mean deploy?)", "hello"},
      {{"render", "--imag", "x"},
       "unknown option '--imag' (did you mean --image?)",
       "hello render"},
      {{"--imag", "render", "--help"},
       "unknown option '--imag' (did you mean --image?)",
       "hello render"},
      {{"lint", "-x"}, "unknown option '-x'", "hello lint"},
      {{"tail", "a", "b"}, "unexpected argument 'b'", "hello tail"},
      {{"config", "shema"}, "unknown command 'shema' (did you mean schema?)", "hello config"},
      {{"tail"}, "FILE is required", "hello tail"},
      {{"top", "-o", "xml"}, "--output: invalid value 'xml': use text, json or yaml", "hello top"},
      {{"render", "-o", "text|json"},
       "--output: invalid value 'text|json': use yaml or json",
       "hello render"},
      {{"history", "0"},
       "REVISION: '0' is not a whole number between 1 and 2147483647",
       "hello history"},
      {{"logs", "--since", "soon"},
       "--since: 'soon' is not a duration from 0 to 8760h, such as 500ms, 10s or 5m",
       "hello logs"},
      {{"logs", "--since", "0"}, "--since: must be more than 0", "hello logs"},
      {{"serve", "--idle-timeout", "0"}, "--idle-timeout: must be more than 0", "hello serve"},
      {{"lint", "--set", "image"}, "--set: 'image' is not KEY=VALUE", "hello lint"},
      {{"lint", "--set-file", "=x"}, "--set-file: '=x' is not KEY=PATH", "hello lint"},
      {{"logs", "--tail"}, "--tail needs a value: LINES", "hello logs"},
      {{"render", "--image", "a", "--image", "b"},
       "--image is given twice: 'a' and 'b'",
       "hello render"},
      {{"-n", "a", "status", "--namespace=b"},
       "--namespace is given twice: 'a' and 'b'",
       "hello status"},
  };
  for (const auto &line : lines) {
    CAPTURE(line.why);
    const std::string words = refusal(line.words), path(line.path);
    CHECK(words.starts_with(std::string(line.why) + "\n  usage: " + path + " "));
    CHECK(words.ends_with("\n  run '" + path + " --help' for details"));
  }
  CHECK(refusal({""}).find("did you mean") == std::string::npos);
  for (const char *word : {"", "help", "status"})
    CHECK(refusal({"deploy", word}).find("--context") == std::string::npos);
  CHECK(refusal({"status", "x"})
            .starts_with("unexpected argument 'x'\n  to choose a context, use --context x"));
  CHECK(refusal({"lint", "-"})
            .starts_with(
                "unexpected argument '-'\n  to choose a configuration file, use --config -"));
  CHECK(refusal({"render", "--image", "--deployer"})
            .starts_with("--image needs a value, but '--deployer' is an option\n"
                         "  to pass it as the value, write --image=--deployer\n"));
  const Variable delay("HELLO_DRAIN_DELAY", "never");
  CHECK(refusal({"serve"}).starts_with("HELLO_DRAIN_DELAY: 'never' is not a duration"));
}

TEST_CASE("an option of another tool leads to the one in its place, where the command has that") {
  const std::pair<Words, const char *> cases[] = {
      {{"serve", "-p", "80"}, "unknown option '-p' (did you mean --listen?)"},
      {{"serve", "--host=::"}, "unknown option '--host' (did you mean --listen?)"},
      {{"deploy", "--port", "80"}, "unknown option '--port' (write --set service.port)"},
      {{"--port"}, "unknown option '--port' (did you mean --listen?)"},
      {{"deploy", "-fx.yaml"}, "unknown option '-fx.yaml'\n"},
      {{"diff", "--values", "x"}, "unknown option '--values' (did you mean --config?)"},
      {{"status", "-A"}, "unknown option '-A' (only 'hello list' has it)"},
      {{"deploy", "--wait"}, "unknown option '--wait' (hello always waits)"},
      {{"rollback", "--to-revision=3"},
       "unknown option '--to-revision' (write 'hello rollback REVISION')"},
      {{"undeploy", "-y"}, "unknown option '-y' (did you mean --yes?)"},
      {{"status", "--no-color"}, "unknown option '--no-color' (write --color never)"},
      {{"load", "-c", "5"}, "unknown option '-c' (did you mean --connections?)"},
      {{"config", "--basePath=/x"}, "unknown option '--basePath' (did you mean --set basePath="},
      {{"render", "--autoscaling-max-replicas"},
       "unknown option '--autoscaling-max-replicas' (did you mean --set autoscaling.maxReplicas="},
      {{"serve", "--replicas=2"}, "unknown option '--replicas'\n"},
      {{"version", "--port"}, "unknown option '--port'\n"},
      {{"--kubeconfig", "x", "status"}, "unknown option '--kubeconfig' (set the variable KUBECO"},
      {{"--tail", "5", "lgos"}, "unknown command 'lgos' (did you mean logs?)"},
      {{"deploy", "--dry-run=yes"},
       "--dry-run takes no value, but has 'yes'\n  write --dry-run\n  usage: hello deploy "}};
  for (const auto &one : cases) {
    CAPTURE(one.second);
    CHECK(refusal(one.first).starts_with(one.second));
  }
}

TEST_CASE("options stand before the command or after it") {
  const auto table = cli::table(cli::declare_all);
  const auto read = [&](const std::vector<std::string> &words) {
    return cli::read_line(*table, "hello", words);
  };
  CHECK(refusal({"-f", "x", "deploy"}).starts_with("unknown option '-f' (did you mean --config?)"));
  CHECK(refusal({"-q", "x", "deploy"}).starts_with("unknown command 'x'"));
  CHECK(refusal({"-f", "x", "logs"}).starts_with("unknown command 'x'"));
  CHECK(refusal({"x", "deploy"}).starts_with("unknown command 'x'"));
  CHECK(refusal({"-n", "y", "x", "deploy"}).starts_with("unknown command 'x'"));
  for (const std::vector<std::string> &words :
       std::initializer_list<std::vector<std::string>>{{"logs", "-f", "--tail", "5", "-n", "shop"},
                                                       {"-f", "--tail", "5", "-n", "shop", "logs"},
                                                       {"--tail=5", "logs", "-fn", "shop"},
                                                       {"-fnshop", "--tail", "5", "logs"}}) {
    const cli::Line line = read(words);
    CHECK(line.path == "hello logs");
    REQUIRE(line.options.size() == 3);
    std::string all;
    for (const auto &[row, name, value] : line.options)
      all += std::string(row->long_name()) + value.value_or("") + " ";
    CHECK(all.find("--follow ") != all.npos);
    CHECK(all.find("--tail5 ") != all.npos);
    CHECK(all.find("--namespaceshop ") != all.npos);
  }
  CHECK(read({"--version"}).path == "hello version");
  CHECK(read({"-V", "-o", "json"}).options.size() == 1);
  CHECK(read({"config", "schema"}).path == "hello config schema");
  CHECK(read({"deploy", "--", "--help"}).rest == std::vector<std::string>{"--help"});
  CHECK(read({"init", "--", "-x"}).arguments == std::vector<std::string>{"-x"});
  CHECK(read({"init", "-"}).arguments == std::vector<std::string>{"-"});
}

TEST_CASE("an option takes a value in every command, or in none") {
  const auto table = cli::table(cli::declare_all);
  for (const auto &command : table->commands)
    for (const cli::OptionRow &row : command->options) {
      if (!row.is_option()) continue;
      for (const std::string_view name : text::split(row.names, ',')) {
        CAPTURE(std::string(command->name) + " " + std::string(name));
        // the plan of a deploy is a file, that of a check is printed: it stands behind "check"
        if (command->name == "check" && name == "--plan") continue;
        CHECK(cli::option_anywhere(*table, name)->form == row.form);
        CHECK(cli::option_anywhere(*table, name)->names == row.names);
      }
    }
}

TEST_CASE("the help of every command fits 80 columns and shows nothing of the parser") {
  const auto table = cli::table(cli::declare_all);
  const auto check = [](const cli::CommandRow &row, const std::string &path) {
    CAPTURE(path);
    const std::string help = cli::help_of(row, path);
    for (const std::string_view line : text::lines(help)) {
      CAPTURE(line);
      CHECK(text::width(line) <= 80);
    }
    CHECK(help.find("Usage: " + path) != help.npos);
    for (const char *betrayal : {"TEXT TEXT", "{", "[default", "(default: )", "OPTIONS", "  \n"})
      CHECK(help.find(betrayal) == help.npos);
    CHECK((row.examples.size() == 2 || row.examples.size() == 3));
  };
  check(*table, "hello");
  CHECK(cli::help_of(*table, "hello").find("Exit codes:") != std::string::npos);
  for (const auto &command : table->commands) {
    const std::string path = "hello " + std::string(command->name);
    check(*command, path);
    for (const auto &below : command->commands)
      check(*below, path + " " + std::string(below->name));
    CHECK(refusal({std::string(command->name).c_str(), "--help"}).empty());
    CHECK(refusal({"help", std::string(command->name).c_str()}).empty());
    CHECK(command->summary.size() <= 64); // with its name on a line of 80
    for (const cli::OptionRow &row : command->options) CHECK(!row.help.ends_with('.'));
  }
}

TEST_CASE("hello alone prints help") {
  CHECK(refusal({}).empty());
  CHECK(refusal({"help"}).empty());
  CHECK(refusal({"-h"}).empty());
}

TEST_CASE("logs: filters leave the lines of the service's JSON log that have all they name") {
  const std::string line =
      R"({"event":"request","path":"/shop/a","status":503,"request_id":"abc"})";
  const auto wanted = [&](const Words &args) {
    return cli::is_wanted(parsed<cli::LogsOptions>(args), line);
  };
  CHECK(wanted({}));
  CHECK(wanted({"--status", "503"}));
  CHECK(wanted({"--status", "5xx", "--path", "/shop", "--request-id", "abc"}));
  CHECK_FALSE(wanted({"--status", "500"}));
  CHECK_FALSE(wanted({"--status", "4xx"}));
  CHECK_FALSE(wanted({"--path", "/other"}));
  CHECK_FALSE(wanted({"--request-id", "ab"}));
  const auto filtered = parsed<cli::LogsOptions>({"--path", "/"});
  for (const char *other : {"plain text", "{cut", "{}", ""})
    CHECK_FALSE(cli::is_wanted(filtered, other));
}
