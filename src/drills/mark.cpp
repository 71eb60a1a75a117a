#include "hello/drill_mark.h"

#include "hello/text.h"

namespace hello::drills {

std::string Mark::text() const { return drill + " until " + until + " on " + pods; }

std::vector<Mark> read_marks(std::string_view annotation, std::string_view now) {
  std::vector<Mark> marks;
  for (const std::string_view entry : text::split(annotation, ';')) {
    const auto words = text::words(entry);
    if (words.size() != 5 || words[1] != "until" || words[3] != "on") continue;
    if (words[2] <= now) continue;
    marks.push_back({std::string(words[0]), std::string(words[2]), std::string(words[4])});
  }
  return marks;
}

std::string to_text(std::span<const Mark> marks) {
  std::string out;
  for (const Mark &mark : marks) out.append(out.empty() ? "" : "; ").append(mark.text());
  return out;
}

} // namespace hello::drills
