// numa.h
// ------
// Numa: memory on the NUMA nodes that one names, as far as the system lets one, and a report.
//
//   absl::StatusOr<Numa> numa = Numa::Detect();
//   auto table = numa->Allocate(1 << 30, {.policy = NumaPolicy::kInterleave});
//   if (!table->report().note.empty()) Log(table->report().note);
//   Fill(table->bytes());
//
// When to use: large blocks that threads of certain nodes use most (kPreferred, the default), or
// all threads equally (kInterleave). When not: small or short-lived objects; take slabs from here,
// and objects from arena_allocator.h, object_pool.h or, with the bytes as its region,
// memory_pool.h.
//
// Contract. Memory is zero, and begins on a page. Its pages are taken from the nodes when they are
// first touched. What the system refuses is not an error: kBind falls back to kPreferred, and that
// and kInterleave to wherever the system takes pages from, which is the node of the thread that
// touches them first (see FirstTouch). A machine with one node, a container without CAP_SYS_NICE
// and a kernel without NUMA all give memory, and the report says what holds for it. kBind is the
// one to avoid: pages that their node cannot give are given by no other, and the process is killed
// for want of memory while other nodes have some.
//
// Parameters: nodes are numbered as Topology does, from 0; CPU-less nodes are nodes.
// Thread safety: all of Numa; a NumaMemory is one thread's at a time, its bytes anybody's.
// Errors: InvalidArgument for no bytes or a node that there is not, or that the process may not
// use; ResourceExhausted without memory; Internal from Detect when hwloc cannot read the machine.
// Cost: Detect reads /sys, some milliseconds; Allocate is two or three system calls, and a page
// fault for each page that is touched.
#ifndef ASHLAR_MEMORY_NUMA_H_
#define ASHLAR_MEMORY_NUMA_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ashlar {

enum class NumaPolicy {
  kNone,        // where the thread runs that first touches a page
  kPreferred,   // on these nodes while they have room, else elsewhere
  kInterleave,  // page by page over these nodes, one after the other
  kBind,        // on these nodes or nowhere
};

enum class HugePages {
  kNo,
  kAdvise,    // the system is asked for transparent ones, and gives them as it can
  kReserved,  // of those that an administrator set aside (hugetlbfs), else as kAdvise
};

struct NumaOptions {
  NumaPolicy policy = NumaPolicy::kPreferred;
  // None: for kInterleave all that may be used, else the one of the calling thread.
  std::vector<int> nodes = {};
  HugePages huge_pages = HugePages::kNo;
  // The calling thread touches every page, so that none is taken later.
  bool first_touch = false;
};

// What holds for a piece of memory.
struct NumaReport {
  NumaPolicy policy = NumaPolicy::kNone;
  std::vector<int> nodes;  // of the policy; none for kNone
  HugePages huge_pages = HugePages::kNo;
  std::string note;  // what was asked and not done, and why; empty if all was done
};

// A block of memory that is given back at its end.
class NumaMemory {
 public:
  NumaMemory(NumaMemory&& other) noexcept
      : bytes_(std::exchange(other.bytes_, {})), report_(std::move(other.report_)) {}
  NumaMemory& operator=(NumaMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(report_, other.report_);
    return *this;
  }
  ~NumaMemory();

  // At least as many as asked: whole pages.
  std::span<std::byte> bytes() const { return bytes_; }
  const NumaReport& report() const { return report_; }

 private:
  friend class Numa;
  NumaMemory(std::span<std::byte> bytes, NumaReport report)
      : bytes_(bytes), report_(std::move(report)) {}

  std::span<std::byte> bytes_;
  NumaReport report_;
};

// What the system is asked to do. Each call gives 0, or the system's error number.
class NumaBinding {
 public:
  virtual ~NumaBinding() = default;
  // Before anybody touches it. Not kNone, and at least one node.
  virtual int Place(std::span<std::byte> memory, NumaPolicy policy, std::span<const int> nodes) = 0;
  virtual int AdviseHugePages(std::span<std::byte> memory) = 0;
  // Memory of huge pages that were set aside; `memory` is the result.
  virtual int MapReservedHugePages(std::size_t bytes, std::byte*& memory) = 0;
};

class Numa {
 public:
  struct Node {
    std::uint64_t bytes = 0;  // of memory; 0 where the system does not tell
    std::vector<int> cpus;    // near it, by the system's numbers
    bool usable = true;       // by this process
  };

  static absl::StatusOr<Numa> Detect();

  // Another machine, for tests: `synthetic` is hwloc's notation ("numa:2 core:2 pu:1"). What is
  // asked of the system goes to `binding`; without one it is accepted, and nothing is done.
  static absl::StatusOr<Numa> FromSynthetic(const std::string& synthetic,
                                            std::shared_ptr<NumaBinding> binding = nullptr);

  // At least one.
  const std::vector<Node>& nodes() const { return nodes_; }

  // The node whose memory is nearest to a CPU; 0 if nobody knows.
  int NodeOfCpu(int cpu) const;
  // That of the CPU on which the calling thread runs now.
  int CurrentNode() const;

  absl::StatusOr<NumaMemory> Allocate(std::size_t bytes, const NumaOptions& options = {}) const;

  // Takes the pages of `memory` from where the calling thread runs, if they have no other policy
  // and nobody touched them. Contents stay. Several threads each take their part.
  static void FirstTouch(std::span<std::byte> memory);

 private:
  Numa(std::vector<Node> nodes, std::shared_ptr<NumaBinding> binding)
      : nodes_(std::move(nodes)), binding_(std::move(binding)) {}

  std::vector<Node> nodes_;
  std::shared_ptr<NumaBinding> binding_;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_NUMA_H_
