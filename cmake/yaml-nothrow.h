#pragma once
// clang-format off
// Before each file of ours and of yaml-cpp in the image's executable: misuse of a node is a defect
// and ends the process (src/base/fatal.cpp), so reading nodes throws nothing and needs no clean-up.
#include <yaml-cpp/exceptions.h>
#ifndef YAML_EXCEPTIONS // the file that defines them
namespace YAML {
[[noreturn]] inline Exception defect() noexcept { std::__libcpp_verbose_abort("misuse of a YAML node"); }
} // namespace YAML
#define InvalidNode(key) defect()
#define BadSubscript(mark, key) defect()
#define BadPushback() defect()
#define BadInsert() defect()
#endif
