#include <cstdio>

#include "cli/view/reports.h"
#include "cli/view/table.h"
#include "hello/json.h"

namespace hello::cli {
namespace {

using Amount = std::optional<double>;

std::string printed(const char *format, double value) { // not fmt: it links no floating point
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string cores(const Amount &value) { return value ? printed("%.0fm", *value * 1000) : "-"; }
std::string mebibytes(const Amount &value) {
  return value ? printed("%.1fMi", *value / 1048576) : "-";
}
std::string percent(const Amount &used, const Amount &of) {
  return used && of && *of > 0 ? printed("%.0f %%", *used / *of * 100) : "-";
}

std::string number(const Amount &value) { return value ? printed("%.9g", *value) : "null"; }
std::string a_second(const Amount &value) { return value ? printed("%.1f", *value) : "-"; }
std::string milliseconds(const Amount &value) {
  return value ? printed("%.1fms", *value * 1000) : "-";
}

/// The rates of a pod; none are known of one that was not asked.
kube::Rates rates_of(const kube::RatesByPod &rates, const std::string &pod) {
  const auto found = rates.find(pod);
  return found == rates.end() ? kube::Rates() : found->second;
}

void write(json::Writer &out, const kube::Share &share) {
  out.begin_object().key("used").raw(number(share.used));
  out.key("request").raw(number(share.request)).key("limit").raw(number(share.limit)).end_object();
}

} // namespace

std::string text_of(const std::vector<kube::Usage> &pods, const kube::RatesByPod &rates) {
  constexpr auto right = Column::Align::right;
  constexpr Column columns[] = {{"POD", 32},
                                {"CPU", 7, right},
                                {"OF REQUEST", 11, right},
                                {"OF LIMIT", 9, right},
                                {"MEMORY", 9, right},
                                {"OF REQUEST", 11, right},
                                {"OF LIMIT", 9, right},
                                {"REQ/S", 8, right},
                                {"ERR/S", 7, right},
                                {"P50", 8, right},
                                {"P99", 8, right}};
  std::string out = title_row(columns) + "\n";
  for (const kube::Usage &pod : pods) {
    const kube::Share &cpu = pod.cpu, &memory = pod.memory;
    const kube::Rates rate = rates_of(rates, pod.pod);
    out += row(columns, {pod.pod, cores(cpu.used), percent(cpu.used, cpu.request),
                         percent(cpu.used, cpu.limit), mebibytes(memory.used),
                         percent(memory.used, memory.request), percent(memory.used, memory.limit),
                         a_second(rate.requests), a_second(rate.errors), milliseconds(rate.p50),
                         milliseconds(rate.p99)}) +
           "\n";
  }
  return out;
}

std::string json_of(const std::vector<kube::Usage> &pods, const kube::RatesByPod &rates) {
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const kube::Usage &pod : pods) {
    out.begin_object().key("pod").string(pod.pod);
    write(out.key("cpu"), pod.cpu);
    write(out.key("memory"), pod.memory);
    const kube::Rates rate = rates_of(rates, pod.pod);
    out.key("requests").begin_object().key("perSecond").raw(number(rate.requests));
    out.key("errorsPerSecond").raw(number(rate.errors)).key("p50").raw(number(rate.p50));
    out.key("p99").raw(number(rate.p99)).end_object();
    out.end_object();
  }
  out.end_array();
  return text + "\n";
}

} // namespace hello::cli
