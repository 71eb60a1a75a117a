#pragma once
#include <memory>
#include <string>

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

/// Lines on stderr, no line twice; live where stderr is a terminal. What a caller may want to keep
/// (where the service can be reached) goes to stdout.
std::unique_ptr<View> text_view();
/// One JSON object a line on stdout, as docs/events.md describes them.
std::unique_ptr<View> json_view();

/// What both views say of an event.
struct EventText {
  enum class Tone { plain, good, warning, cluster, problem, failure };
  std::string_view name; ///< "event" of the JSON line
  std::string object;    ///< "Pod/hello-5d9-abcde"; may be empty
  std::string text;      ///< for people; may have several lines
  Tone tone = Tone::plain;
};
EventText event_text(const deploy::Event &event);

/// "context lab, namespace hello"
std::string target(const kube::Access &access);

/// The plan as people read it: "+ Ingress/hello", "~ Deployment/hello" and its fields; ends with
/// its summary.
std::string text_of(const deploy::Plan &plan, const Paint &paint);
/// The plan as one JSON object on one line.
std::string json_of(const deploy::Plan &plan);

} // namespace hello::cli
