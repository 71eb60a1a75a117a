#pragma once
#include <functional>
#include <memory>
#include <string>

#include "cli/view/output.h"
#include "cli/view/paint.h"
#include "hello/deploy.h"
#include "hello/events.h"

/// A deploy's events for people and programs: a live view on a terminal, plain lines elsewhere, or
/// JSON lines.
namespace hello::cli {

class View {
public:
  virtual ~View() = default;
  virtual void show(const deploy::Event &event) = 0;
};

/// Lines on stderr, no line twice; live if stderr is a terminal. The address of the service goes to
/// stdout, for scripts. Console::quiet leaves warnings, problems and failures.
std::unique_ptr<View> text_view(const Console &console);
/// One JSON object a line on stdout, as docs/events.md describes them. With a console, stderr says
/// what a silent run waits for.
std::unique_ptr<View> json_view(const Console *console = nullptr);

/// Shows events as lines for people, or as JSON lines. The target is the first.
deploy::Listener listener(Format format, const Console &console, const kube::Access &access);

/// Runs `work`; an Error that ends it is also the last event of a JSON stream.
Exit with_error_events(Format format, const std::function<Exit()> &work);

/// An event's part that both views show.
struct EventText {
  enum class Tone { plain, good, warning, cluster, problem, failure };
  std::string_view name; ///< "event" of the JSON line
  std::string object;    ///< "Pod/hello-5d9-abcde"; may be empty
  std::string text;      ///< for people; may have several lines
  Tone tone = Tone::plain;
};
EventText event_text(const deploy::Event &event);

/// "context lab, namespace hello"
std::string place(const kube::Access &access);
/// The same with ", release NAME", unless it is called hello.
std::string target(const kube::Access &access);

/// The plan for people: "+ Ingress/hello", "~ Deployment/hello" and its fields; the last line is
/// its summary.
std::string text_of(const deploy::Plan &plan, const Paint &paint);
/// The plan as one JSON object on one line.
std::string json_of(const deploy::Plan &plan);
/// Prints one of the two on stdout.
void print_plan(const deploy::Plan &plan, Format format, const Console &console);

} // namespace hello::cli
