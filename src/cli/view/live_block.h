#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "cli/view/paint.h"

namespace hello::cli {

/// The lines at the end of a terminal (stderr) that are drawn again and again. Each drawing is one
/// write that goes over the earlier one line by line, so that nothing flickers.
class LiveBlock {
public:
  struct Line {
    std::string text;
    std::string_view colour; ///< may be empty
  };

  explicit LiveBlock(Paint paint) : paint_(paint) {}
  /// Draws these lines in place of the earlier ones, each cut to the terminal's width; `above`,
  /// which ends in a line end, stays above them.
  void draw(const std::vector<Line> &lines, const std::string &above = "");
  /// Removes the lines.
  void clear();
  /// Leaves the lines where they are: what is written next comes below.
  void keep() { widths_.clear(); }

private:
  std::string to_top() const;

  Paint paint_;
  std::vector<int> widths_; ///< of the lines as they were drawn
};

} // namespace hello::cli
