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

std::string scheduled_drills(const json::Value &deployment) {
  constexpr std::string_view kFlag = "--drill-at";
  std::string out;
  for (const json::Value &container :
       deployment.at("spec", "template", "spec", "containers").items()) {
    bool is_value = false;
    for (const json::Value &arg : container.at("args").items()) {
      std::string_view word = arg.text();
      if (!is_value && word.substr(0, kFlag.size() + 1) == "--drill-at=") {
        word.remove_prefix(kFlag.size() + 1);
        is_value = true;
      }
      if (is_value) out.append(out.empty() ? "" : ", ").append(word);
      is_value = !is_value && word == kFlag;
    }
  }
  return out;
}

} // namespace hello::drills
