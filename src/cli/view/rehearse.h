#pragma once
#include <string>

#include "hello/rehearse.h"

namespace hello::cli {

/// "12 s  all pods are new"
std::string text_of(const rehearse::Mark &mark);
/// For people: a graph, the phases, and what users would have felt.
std::string text_of(const rehearse::Report &report);
/// The same for programs; docs/rehearse.md describes it.
std::string json_of(const rehearse::Report &report, const rehearse::Plan &plan,
                    const rehearse::Options &options, const kube::Access &access);

/// The exercises.
std::string exercises_text();
std::string exercises_json();

} // namespace hello::cli
