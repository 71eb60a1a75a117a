#pragma once

namespace hello::sys {

/// While it exists, waits go on in spite of a signal that was recorded: for one short last action
/// after Ctrl-C. A second signal ends the process all the same. Main thread; only one may exist.
class LastWord {
public:
  LastWord();
  ~LastWord();
  LastWord(const LastWord &) = delete;
  LastWord &operator=(const LastWord &) = delete;
};

} // namespace hello::sys
