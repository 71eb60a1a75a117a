#pragma once
#include "hello/deploy.h"

/// Objects of a set that others own: what a deploy may not apply unless --adopt names it.
namespace hello::deploy {

/// Throws Error(Exit::usage) unless each --adopt is "all" or names an object of the set.
void check_adopted(const Set &set, const std::vector<std::string> &adopt, const std::string &ns);

/// Finds the objects that others own: those that --adopt names stay in the plan's set as adopted,
/// the others leave it. A Namespace that hello did not make is used as it is, without hello's
/// default-deny policy. `plan` has set, live objects and history.
void sort_out(Plan &plan, const Options &options, const kube::Access &access);

/// The Error(Exit::cluster) that names the objects, their owners, and how to adopt them.
Error foreign_error(const std::vector<Foreign> &foreign);

} // namespace hello::deploy
