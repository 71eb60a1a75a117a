#pragma once
#include <memory>
#include <string>

#include "hello/deploy.h"

/// A deploy's events for whoever watches: a live view on a terminal, plain lines elsewhere, or JSON
/// lines.
namespace hello::progress {

class View {
public:
  virtual ~View() = default;
  virtual void tell(const deploy::Event &event) = 0;
};

/// Lines on stderr, no line twice; live where stderr is a terminal. What a caller may want to keep
/// (where the service can be reached) goes to stdout.
std::unique_ptr<View> text_view();
/// One JSON object a line on stdout.
std::unique_ptr<View> json_view();

/// The plan as people read it: "+ Ingress/hello", "~ Deployment/hello" and its fields; ends with
/// its summary.
std::string text_of(const deploy::Plan &plan, bool colour);
/// The plan as one JSON object on one line.
std::string json_of(const deploy::Plan &plan);

} // namespace hello::progress
