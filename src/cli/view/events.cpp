#include "cli/view/events.h"

#include <unistd.h>

#include "hello/error.h"

namespace hello::cli {

deploy::Listener listener(Format format, const Console &console, const kube::Access &access) {
  const std::shared_ptr<View> view =
      format == Format::json ? json_view(&console) : text_view(console);
  view->show(deploy::event::Target{access});
  return [view](const deploy::Event &event) { view->show(event); };
}

Exit with_error_events(Format format, const std::function<Exit()> &work) {
  if (format != Format::json) return work();
  try {
    return work();
  } catch (const Error &error) {
    json_view()->show(deploy::event::Ended{error});
    throw;
  }
}

void print_plan(const deploy::Plan &plan, Format format, const Console &console) {
  for (const std::string &note : plan.notes) console.note("note: " + note);
  if (format == Format::text)
    print(text_of(plan, console.paint(STDOUT_FILENO)));
  else
    print_document(json_of(plan) + "\n", format);
}

} // namespace hello::cli
