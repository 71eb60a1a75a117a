#pragma once
#include <string>
#include <vector>

#include "hello/manifest.h"

namespace hello::cli {

/// What `hello check --namespaces A,B` needs: both namespaces, the account hello-check in A, with
/// the rights that the check uses in them, and a read-only ClusterRole. For an administrator.
std::vector<manifest::Object> check_account(const std::string &a, const std::string &b);

} // namespace hello::cli
