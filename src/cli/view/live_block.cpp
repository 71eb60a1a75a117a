#include "cli/view/live_block.h"

#include <algorithm>

#include <fmt/core.h>
#include <unistd.h>

#include "cli/view/output.h"
#include "hello/mask.h"
#include "hello/terminal.h"
#include "hello/text.h"

namespace hello::cli {

/// A window that became narrower has wrapped the lines.
std::string LiveBlock::to_top() const {
  const int columns = sys::terminal_size(STDERR_FILENO).columns;
  int rows = 0;
  for (const int width : widths_) rows += std::max(1, (width + columns - 1) / columns);
  return rows > 0 ? fmt::format("\r\033[{}A", rows) : "";
}

void LiveBlock::draw(const std::vector<Line> &lines, const std::string &above) {
  const auto columns =
      static_cast<std::size_t>(std::max(sys::terminal_size(STDERR_FILENO).columns - 1, 1));
  std::string out = to_top();
  if (!above.empty()) out += (out.empty() ? "" : "\033[J") + above;
  widths_.clear();
  for (const Line &line : lines) {
    const std::string whole = mask::applied(line.text); // half a value would be shown
    const std::string_view fit = text::fitted(whole, columns);
    widths_.push_back(static_cast<int>(text::width(fit)));
    out += line.colour.empty() ? std::string(fit) : paint_(line.colour, fit);
    out += "\033[K\n";
  }
  tell(STDERR_FILENO, out + "\033[J");
}

void LiveBlock::clear() {
  if (!widths_.empty()) tell(STDERR_FILENO, to_top() + "\033[J");
  widths_.clear();
}

} // namespace hello::cli
