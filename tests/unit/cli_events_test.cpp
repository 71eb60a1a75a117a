#include <algorithm>
#include <cstdio>
#include <thread>

#include <doctest/doctest.h>
#include <unistd.h>

#include "cli/view/events.h"

using namespace hello;

namespace {

/// Returns what a view writes to `fd` for an event.
std::string written(int fd, const std::function<std::unique_ptr<cli::View>()> &make,
                    const deploy::Event &event) {
  std::FILE *file = std::tmpfile();
  const int before = ::dup(fd);
  ::dup2(::fileno(file), fd);
  make()->show(event);
  ::dup2(before, fd);
  ::close(before);
  std::string text(1 << 16, '\0');
  text.resize(static_cast<std::size_t>(::pread(::fileno(file), text.data(), text.size(), 0)));
  std::fclose(file);
  return text;
}

std::unique_ptr<cli::View> text_view() { return cli::text_view({}); }
std::unique_ptr<cli::View> json_view() { return cli::json_view(); }

const deploy::Event kWords =
    deploy::event::Warning{"Pod/a", "its last words:\n\xc3\x1b[31mred\x07 \xc3\xa9\tend"};

} // namespace

TEST_CASE("progress: a JSON line is UTF-8, whatever bytes a container wrote last") {
  const std::string line = written(STDOUT_FILENO, json_view, kWords);
  CHECK(line.find("its last words:\\n\xef\xbf\xbd\\u001b[31mred") != std::string::npos);
  CHECK(line.find("\xc3\xa9\\tend") != std::string::npos);
}

TEST_CASE("events: a silent run says on stderr what it waits for, beside JSON lines too") {
  using namespace std::chrono_literals;
  cli::Console loud, quiet{.quiet = true};
  const auto silent = [](const cli::Console &console) {
    return written(
        STDERR_FILENO,
        [&] {
          auto view = cli::json_view(&console);
          view->show(deploy::event::Target{{"lab", "shop"}});
          std::this_thread::sleep_for(2500ms);
          return view;
        },
        deploy::event::Tick{});
  };
  CHECK(silent(loud) == "hello: waiting for the cluster to answer\n");
  CHECK(silent(quiet).empty());
}

TEST_CASE("progress: a container's last words do not command the terminal") {
  const std::string text = written(STDERR_FILENO, text_view, kWords);
  CHECK(text.find("?[31mred? \xc3\xa9\tend") != std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
}

TEST_CASE("events: a line of each kind for the schema") { // tests/cli/events reads them
  namespace event = deploy::event;
  deploy::Plan plan;
  deploy::Item item;
  item.action = deploy::Item::Action::change;
  item.id = {"v1", "ConfigMap", "shop", "m"};
  item.changes.push_back({"data.MESSAGES", "\"a\"", "\"b\"", false});
  item.changes.push_back({"data.more", "\"a\"", "\"a\"", false, true});
  plan.items.push_back(item);
  plan.warnings.push_back({"Ingress/hello", "a.test/ is used by Ingress/b in namespace c too"});
  const kube::Problem problem{kube::Cause::crash, "Pod", "a", "hello", "it ended", "OOMKilled"};
  using Left = event::Failed::Left;
  const std::vector<deploy::Event> events = {
      event::Target{{"lab", "shop"}},
      event::Planned{&plan},
      event::Applied{3},
      event::Pod{"hello-a", kube::Step::started, 2},
      event::Progress{3, 2, 1, 1},
      event::Warning{"", "w"},
      event::Warning{"Service/hello", "w"},
      event::Problem{problem},
      event::Problem{problem, 3},
      event::ClusterWarning{{"Pod", "a", "u", "e", "Evicted", "m", true, {}}},
      event::Failing{"hello", {deploy::Outcome::State::failed, {problem}}, std::chrono::seconds(3)},
      event::RollingBack{},
      event::Failed{Left::rolled_back},
      event::Failed{Left::rollback_failed, "why"},
      event::NoAnswer{"Service/hello", "http://x/", "refused"},
      event::ScaledToZero{"hello", true},
      event::ScaledToZero{"hello", false},
      event::Ready{"hello"},
      event::Ready{"", true},
      event::Superseded{"hello"},
      event::Superseded{"hello", "kubectl-set", "spec.paused"},
      event::Gone{"hello"},
      event::Reachable{"Ingress/hello", "http://a.test/", "a.test", "10.0.0.1", {}},
      event::Reachable{"Service/hello", "http://ANY-NODE:30080/", {}, {}, "30080"},
      event::Reachable{"Ingress/hello",
                       "http://a.test/",
                       "a.test",
                       "10.0.0.1",
                       {},
                       "release",
                       "answered by pod hello-1 of this release"},
      event::Answers{"Service/hello", "http://x/", "Hello"},
      event::Removed{"ConfigMap/m"},
      event::HistoryRemoved{4},
      event::Note{"n"},
      event::Note{"n", 3},
      event::Tick{},
      event::Ended{Error(Exit::cluster, "cannot reach the cluster", "try again")}};
  const auto view = cli::json_view();
  const bool shown = std::getenv("HELLO_EVENTS") != nullptr;
  std::size_t lines = 0;
  for (const deploy::Event &one : events) {
    const std::string line = written(STDOUT_FILENO, json_view, one);
    if (line[0] == '{') ++lines;
    if (shown && line[0] == '{') std::printf("%s", line.c_str());
  }
  CHECK(lines == events.size() - 1); // a tick is for a live view
}

TEST_CASE("events: text goes to stderr, ways to reach the service to stdout") {
  namespace event = deploy::event;
  const deploy::Event reachable =
      event::Reachable{"Ingress/hello", "http://a.test/", "a.test", "10.0.0.1", {}};
  CHECK(written(STDOUT_FILENO, text_view, reachable)
            .find("reachable: http://a.test/  (at 10.0.0.1)\n") == 0);
  const deploy::Event failing =
      event::Failing{"hello", {deploy::Outcome::State::timed_out, {}}, std::chrono::seconds(3)};
  CHECK(written(STDERR_FILENO, text_view, failing)
            .find("failed: Deployment/hello: not ready after 3 s (--timeout)\n") == 0);
}

TEST_CASE("--quiet leaves warnings, problems and failures") {
  const auto quiet = [] { return cli::text_view({.quiet = true}); };
  CHECK(written(STDERR_FILENO, quiet, deploy::event::Applied{3}).empty());
  CHECK(written(STDERR_FILENO, quiet, deploy::event::Ready{"hello"}).empty());
  CHECK(written(STDERR_FILENO, quiet, kWords).find("its last words") != std::string::npos);
}

TEST_CASE("--color always colors what no terminal shows, never colors nothing") {
  const auto with = [](cli::Console::Colour colour) {
    return [colour] { return cli::text_view({.colour = colour}); };
  };
  const deploy::Event ready = deploy::event::Ready{"hello"};
  CHECK(written(STDERR_FILENO, with(cli::Console::Colour::always), ready).find("\033[32m") !=
        std::string::npos);
  CHECK(written(STDERR_FILENO, with(cli::Console::Colour::never), ready).find('\033') ==
        std::string::npos);
  CHECK(written(STDERR_FILENO, with(cli::Console::Colour::automatic), ready).find('\033') ==
        std::string::npos);
}

TEST_CASE("CLICOLOR_FORCE colors off a terminal, unless it is 0 or NO_COLOR is set") {
  const struct {
    const char *force, *no;
    bool coloured;
  } rows[] = {{"1", "", true}, {"0", "", false}, {"", "", false}, {"1", "1", false}};
  for (const auto &row : rows) {
    CAPTURE(row.force);
    CAPTURE(row.no);
    ::setenv("CLICOLOR_FORCE", row.force, 1);
    ::setenv("NO_COLOR", row.no, 1);
    const std::string text = written(STDERR_FILENO, text_view, deploy::event::Ready{"hello"});
    CHECK((text.find('\033') != text.npos) == row.coloured);
  }
  ::unsetenv("CLICOLOR_FORCE");
  ::unsetenv("NO_COLOR");
}

TEST_CASE("off a terminal, a rollout of 1,000 pods takes at most 100 lines") {
  namespace event = deploy::event;
  const deploy::Event ready = event::Ready{"hello"};
  const auto view = [] {
    auto text = text_view();
    for (std::int64_t i = 0; i <= 1000; ++i) {
      for (const kube::Step step : {kube::Step::scheduled, kube::Step::started, kube::Step::ready})
        text->show(event::Pod{"hello-" + std::to_string(i), step});
      text->show(event::Progress{1000, i, i / 2 * 2, 1000 - i});
    }
    return text;
  };
  const std::string all = written(STDERR_FILENO, view, ready);
  CHECK(std::count(all.begin(), all.end(), '\n') <= 100);
  CHECK(all.find("1000 of 1000 available\n") != std::string::npos);
  CHECK(all.find("Deployment/hello: ready\n") != std::string::npos);
}

TEST_CASE("off a terminal, 1,000 pods that crash and come back take at most 100 lines") {
  namespace event = deploy::event;
  const auto view = [] {
    auto text = text_view();
    for (std::int64_t i = 0; i <= 1000; ++i)
      text->show(event::Progress{1000, 1000, i * 7919 % 1000, 0});
    return text;
  };
  const std::string all = written(STDERR_FILENO, view, event::Ready{"hello"});
  CHECK(std::count(all.begin(), all.end(), '\n') <= 30);
}

TEST_CASE("a failure that many pods share is printed once, with a count and one example") {
  deploy::Outcome outcome{deploy::Outcome::State::failed, {}};
  for (const char *name : {"a", "b", "c"})
    outcome.problems.push_back({kube::Cause::crash, "Pod", name, "hello", "it crashed", "words"});
  CHECK(deploy::describe(outcome, std::chrono::seconds(3)) ==
        "it cannot become ready\nPod/a and 2 more: hello: it crashed: words");
}

TEST_CASE("events: frames of a live view for the test at a terminal") { // tests/cli/live-view
  namespace event = deploy::event;
  if (!std::getenv("HELLO_LIVE")) return;
  const auto pods = [](kube::Step step, const std::string &problem) {
    return std::vector<event::Pod>{{"hello-a", step, 0}, {"hello-b", step, 2, problem}};
  };
  const std::string problem =
      "the container ended, and what it said is " + std::string(80, '.') + " until the last word";
  const std::vector<deploy::Event> frames{
      event::Progress{3, 1, 0, 2, pods(kube::Step::pending, problem)},
      event::Warning{"Service/hello", "mind"}, event::Tick{}, event::Tick{},
      event::Progress{3, 3, 3, 0, pods(kube::Step::ready, "")}};
  {
    const auto view = text_view();
    view->show(event::Target{{"lab", "shop"}});
    view->show(event::Applied{3});
    for (const deploy::Event &one : frames) {
      std::printf("frame\n");
      std::fflush(stdout);
      char go = 0;
      REQUIRE(::read(STDIN_FILENO, &go, 1) == 1);
      view->show(one);
    }
    view->show(event::Ready{"hello"});
  }
  std::printf("frame\n");
}
