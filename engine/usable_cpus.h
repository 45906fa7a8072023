// usable_cpus.h
// -------------
// UsableCpus: how many CPUs this process may use, and what limits it.
//
// Three things bound a process: the machine, its affinity mask (taskset, cpusets,
// `docker --cpuset-cpus`) and the CPU quota of the control groups around it (`docker
// --cpus`, Kubernetes limits). More workers than that only take turns: under a quota
// they are all throttled together for the rest of each period. The count is therefore
//
//   min(CPUs in the affinity mask, ceil(quota)), at least 1
//
// where the quota is the least of all groups from the process's own up to the root,
// under cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us / cpu.cfs_period_us).
//
// Use it for the number of worker threads; use Topology (topology.h) to know where
// the CPUs lie. Nothing is cached: limits change while a process runs.
//
// Thread safety: all functions are safe from any thread; the affinity mask is the
// calling thread's, which the threads that it starts inherit. Cost: a few small files
// of /proc and /sys, some 100 us. Errors: none; a file that is missing, unreadable or
// malformed limits nothing.
#ifndef ASHLAR_ENGINE_USABLE_CPUS_H_
#define ASHLAR_ENGINE_USABLE_CPUS_H_

#include <optional>
#include <string>
#include <vector>

namespace ashlar {

// CPU time per time that a control group grants.
struct CpuQuota {
  double cpus = 0;   // above zero; 1.5 is one and a half CPUs
  std::string file;  // the file that says so
};

enum class CpuLimit {
  kMachine,   // nothing but the machine's own size
  kAffinity,  // the affinity mask
  kQuota,     // a control group's quota
};

struct UsableCpus {
  int count = 1;  // never less than 1
  CpuLimit limit = CpuLimit::kMachine;
  int online = 1;                 // CPUs that the machine runs
  std::vector<int> affinity;      // the system's numbers of the CPUs in the mask, ascending
  std::optional<CpuQuota> quota;  // the tightest, if any, also where it is not the limit

  // One line for people: "1 of 2 CPUs: cgroup quota of 0.5 CPUs (/sys/…/cpu.max)".
  std::string Describe() const;

  static UsableCpus Detect();
};

// The parts of Detect(), for those who know one of them better.

// The quota around this process. Every path is looked up under `root`, a directory
// that holds proc/ and sys/; "" is the real one.
std::optional<CpuQuota> ReadCpuQuota(const std::string& root = "");

// The calling thread's mask, ascending. Empty where the system does not tell.
std::vector<int> ReadAffinity();

// An empty mask limits nothing.
UsableCpus CombineCpuLimits(int online, std::vector<int> affinity, std::optional<CpuQuota> quota);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_USABLE_CPUS_H_
