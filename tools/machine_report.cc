#include "ashlar/tools/machine_report.h"

#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

#include "ashlar/engine/json.h"

namespace ashlar {
namespace {

std::string Bytes(int64_t bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof(text), value < 10 && unit > 0 ? "%.3g %s" : "%.0f %s", value,
                units[unit]);
  return text;
}

const char* KindText(Topology::Cache::Kind kind) {
  switch (kind) {
    case Topology::Cache::Kind::kData:
      return "data";
    case Topology::Cache::Kind::kInstruction:
      return "instruction";
    case Topology::Cache::Kind::kUnified:
      break;
  }
  return "unified";
}

const char* LimitText(CpuLimit limit) {
  switch (limit) {
    case CpuLimit::kAffinity:
      return "affinity";
    case CpuLimit::kQuota:
      return "quota";
    case CpuLimit::kMachine:
      break;
  }
  return "machine";
}

// {0, 1, 2, 3, 8} as "0-3,8".
std::string Ranges(const std::vector<int>& numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last > i) text += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return text;
}

std::vector<int> UsableIds(const Topology& machine) {
  std::vector<int> ids;
  for (const Topology::Cpu& cpu : machine.cpus) {
    if (cpu.usable) ids.push_back(cpu.id);
  }
  return ids;
}

std::string Line(const std::string& name, const std::string& value) {
  return name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') + value + "\n";
}

}  // namespace

std::string MachineReportText(const Topology& machine) {
  std::string text = Line("sockets", std::to_string(machine.sockets)) +
                     Line("NUMA nodes", std::to_string(machine.numa_nodes)) +
                     Line("cores", std::to_string(machine.cores)) +
                     Line("CPUs", std::to_string(machine.cpus.size()));
  if (machine.memory_bytes > 0) text += Line("memory", Bytes(machine.memory_bytes));
  for (const Topology::Cache& cache : machine.caches) {
    std::string value =
        std::to_string(cache.count) + " x " + Bytes(cache.bytes) + " " + KindText(cache.kind);
    if (cache.line_bytes > 0) value += ", lines of " + std::to_string(cache.line_bytes) + " B";
    value += ", each for " + std::to_string(cache.cpus) + (cache.cpus == 1 ? " CPU" : " CPUs");
    text += Line("L" + std::to_string(cache.level) + " cache", value);
  }
  return text + Line("usable", machine.usable.Describe()) +
         Line("", "CPU numbers " + Ranges(UsableIds(machine)));
}

std::string MachineReportJson(const Topology& machine) {
  Json caches = Json::Array();
  for (const Topology::Cache& cache : machine.caches) {
    caches.Add(Json::Object()
                   .Set("level", Json(cache.level))
                   .Set("kind", Json(KindText(cache.kind)))
                   .Set("bytes", Json(cache.bytes))
                   .Set("line_bytes", Json(cache.line_bytes))
                   .Set("cpus", Json(cache.cpus))
                   .Set("count", Json(cache.count)));
  }
  Json cpus = Json::Array();
  for (const Topology::Cpu& cpu : machine.cpus) {
    cpus.Add(Json::Object()
                 .Set("id", Json(cpu.id))
                 .Set("core", Json(cpu.core))
                 .Set("numa_node", Json(cpu.numa_node))
                 .Set("socket", Json(cpu.socket))
                 .Set("usable", Json(cpu.usable)));
  }
  Json usable = Json::Object()
                    .Set("cpus", Json(machine.usable.count))
                    .Set("limit", Json(LimitText(machine.usable.limit)))
                    .Set("reason", Json(machine.usable.Describe()));
  if (machine.usable.quota) usable.Set("quota", Json(machine.usable.quota->cpus));
  return Json::Object()
             .Set("sockets", Json(machine.sockets))
             .Set("numa_nodes", Json(machine.numa_nodes))
             .Set("cores", Json(machine.cores))
             .Set("memory_bytes", Json(machine.memory_bytes))
             .Set("caches", std::move(caches))
             .Set("cpus", std::move(cpus))
             .Set("usable", std::move(usable))
             .ToString() +
         "\n";
}

}  // namespace ashlar
