#include "ashlar/engine/usable_cpus.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

namespace ashlar {
namespace {

// Nothing read here is larger; a file that is larger is not what we take it for.
constexpr std::size_t kMaxFileBytes = 1 << 20;

std::string ReadSmallFile(const std::string& path) {
  std::string text;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return text;
  char buffer[4096];
  ssize_t got = 0;
  while (text.size() < kMaxFileBytes && (got = read(file, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  close(file);
  return text;
}

// The text before the next `separator`, which is taken off `rest`.
std::string_view Next(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view head = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return head;
}

bool HasItem(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    if (Next(list, ',') == item) return true;
  }
  return false;
}

std::optional<int64_t> ParsePositive(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

std::optional<double> Ratio(std::string_view quota, std::string_view period) {
  const auto q = ParsePositive(quota), p = ParsePositive(period);
  if (!q || !p) return std::nullopt;
  return static_cast<double>(*q) / static_cast<double>(*p);
}

// One control group's own quota; "max" (v2) and -1 (v1) are none.
std::optional<CpuQuota> QuotaOfGroup(bool v2, const std::string& directory) {
  const std::string file = directory + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us");
  const std::string text = ReadSmallFile(file);
  std::string_view rest = text;
  const auto cpus = v2 ? Ratio(Next(rest, ' '), rest)
                       : Ratio(text, ReadSmallFile(directory + "/cpu.cfs_period_us"));
  if (!cpus) return std::nullopt;
  return CpuQuota{*cpus, file};
}

// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string Unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ptr ==
            text.data() + i + 4) {
      result.push_back(static_cast<char>(code));
      i += 3;
    } else {
      result.push_back(text[i]);
    }
  }
  return result;
}

// Where a hierarchy of control groups is mounted, and which group its mount shows.
struct Mount {
  std::string root;
  std::string point;
};

std::optional<Mount> FindMount(bool v2, std::string_view mountinfo) {
  while (!mountinfo.empty()) {
    // ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPER_OPTIONS
    std::string_view line = Next(mountinfo, '\n');
    for (int i = 0; i < 3; ++i) Next(line, ' ');
    const std::string_view root = Next(line, ' '), point = Next(line, ' ');
    while (!line.empty() && Next(line, ' ') != "-") {
    }
    const std::string_view type = Next(line, ' ');
    Next(line, ' ');
    if (v2 ? type == "cgroup2" : type == "cgroup" && HasItem(line, "cpu")) {
      return Mount{Unescape(root), Unescape(point)};
    }
  }
  return std::nullopt;
}

// The process's group within the mount, "" or "/a/b". A group that the mount does not
// show (the process was moved, or sees another namespace's mount) counts as its top.
std::string PathInMount(std::string_view group, std::string_view mount_root) {
  if (mount_root == "/") mount_root = "";
  const bool inside = group.substr(0, mount_root.size()) == mount_root &&
                      (group.size() == mount_root.size() || group[mount_root.size()] == '/') &&
                      group.find("..") == std::string_view::npos;
  std::string_view path = inside ? group.substr(mount_root.size()) : std::string_view();
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  return std::string(path);
}

}  // namespace

std::optional<CpuQuota> ReadCpuQuota(const std::string& root) {
  const std::string groups = ReadSmallFile(root + "/proc/self/cgroup");
  const std::string mountinfo = ReadSmallFile(root + "/proc/self/mountinfo");
  std::optional<CpuQuota> tightest;
  std::string_view rest = groups;
  while (!rest.empty()) {
    // ID:CONTROLLERS:PATH, where v2 has the ID 0 and no controllers.
    std::string_view group = Next(rest, '\n');
    const std::string_view id = Next(group, ':'), controllers = Next(group, ':');
    const bool v2 = id == "0" && controllers.empty();
    if ((!v2 && !HasItem(controllers, "cpu")) || group.substr(0, 1) != "/") continue;
    const auto mount = FindMount(v2, mountinfo);
    if (!mount) continue;
    std::string path = PathInMount(group, mount->root);
    while (true) {
      auto quota = QuotaOfGroup(v2, root + mount->point + path);
      if (quota && (!tightest || quota->cpus < tightest->cpus)) tightest = std::move(quota);
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return tightest;
}

std::vector<int> ReadAffinity() {
  // The kernel refuses a set smaller than its own, whose size it does not tell.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(cpus),
                                                               [](cpu_set_t* s) { CPU_FREE(s); });
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    if (set == nullptr) return {};
    CPU_ZERO_S(bytes, set.get());
    if (sched_getaffinity(0, bytes, set.get()) != 0) continue;
    std::vector<int> result;
    for (int cpu = 0; cpu < cpus; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, set.get())) result.push_back(cpu);
    }
    return result;
  }
  return {};
}

UsableCpus CombineCpuLimits(int online, std::vector<int> affinity, std::optional<CpuQuota> quota) {
  UsableCpus usable;
  usable.online = std::max(online, 1);
  usable.count = usable.online;
  if (!affinity.empty() && static_cast<int>(affinity.size()) < usable.count) {
    usable.count = static_cast<int>(affinity.size());
    usable.limit = CpuLimit::kAffinity;
  }
  if (quota && std::ceil(quota->cpus) < usable.count) {
    usable.count = std::max(1, static_cast<int>(std::ceil(quota->cpus)));
    usable.limit = CpuLimit::kQuota;
  }
  usable.affinity = std::move(affinity);
  usable.quota = std::move(quota);
  return usable;
}

UsableCpus UsableCpus::Detect() {
  return CombineCpuLimits(static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)), ReadAffinity(),
                          ReadCpuQuota());
}

std::string UsableCpus::Describe() const {
  std::string text =
      std::to_string(count) + " of " + std::to_string(online) + (online == 1 ? " CPU" : " CPUs");
  switch (limit) {
    case CpuLimit::kMachine:
      return text + ": no limit but the machine";
    case CpuLimit::kAffinity:
      return text + ": affinity mask";
    case CpuLimit::kQuota: {
      char cpus[32];
      std::snprintf(cpus, sizeof(cpus), "%.3g", quota->cpus);
      return text + ": cgroup quota of " + cpus + (quota->cpus == 1 ? " CPU" : " CPUs") + " (" +
             quota->file + ")";
    }
  }
  return text;
}

}  // namespace ashlar
