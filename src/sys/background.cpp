#include "hello/background.h"

#include <utility>

namespace hello::sys {

Background::Background(std::function<void()> work)
    : thread_([this, work = std::move(work)] {
        try {
          work();
        } catch (...) {
          thrown_ = std::current_exception();
        }
      }) {}

Background::~Background() {
  if (thread_.joinable()) thread_.join();
}

void Background::finish() {
  thread_.join();
  if (thrown_) std::rethrow_exception(thrown_);
}

} // namespace hello::sys
