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

void write(json::Writer &out, const kube::Share &share) {
  const auto number = [](const Amount &value) { return value ? printed("%.9g", *value) : "null"; };
  out.begin_object().key("used").raw(number(share.used));
  out.key("request").raw(number(share.request)).key("limit").raw(number(share.limit)).end_object();
}

} // namespace

std::string text_of(const std::vector<kube::Usage> &pods) {
  constexpr auto right = Column::Align::right;
  constexpr Column columns[] = {{"POD", 32},
                                {"CPU", 7, right},
                                {"OF REQUEST", 11, right},
                                {"OF LIMIT", 9, right},
                                {"MEMORY", 9, right},
                                {"OF REQUEST", 11, right},
                                {"OF LIMIT", 9, right}};
  std::string out = title_row(columns) + "\n";
  for (const kube::Usage &pod : pods) {
    const kube::Share &cpu = pod.cpu, &memory = pod.memory;
    out +=
        row(columns, {pod.pod, cores(cpu.used), percent(cpu.used, cpu.request),
                      percent(cpu.used, cpu.limit), mebibytes(memory.used),
                      percent(memory.used, memory.request), percent(memory.used, memory.limit)}) +
        "\n";
  }
  return out;
}

std::string json_of(const std::vector<kube::Usage> &pods) {
  std::string text;
  json::Writer out(text);
  out.begin_array();
  for (const kube::Usage &pod : pods) {
    out.begin_object().key("pod").string(pod.pod);
    write(out.key("cpu"), pod.cpu);
    write(out.key("memory"), pod.memory);
    out.end_object();
  }
  out.end_array();
  return text + "\n";
}

} // namespace hello::cli
