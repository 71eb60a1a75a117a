#pragma once
#include <string>

#include "hello/file_work.h"
#include "server/engine/status.h"

namespace hello::server {

/// Checks every few seconds whether the temp directory is writable, and reports it to Status, which
/// is borrowed until stop().
class TempCheck final : public sys::FileWork {
public:
  TempCheck(std::string directory, Status &status);

private:
  void look() override;
  void report() override;

  const std::string directory_;
  Status &status_; ///< for report() only
  int error_ = 0;  ///< that look() met
};

} // namespace hello::server
