// The fuzz target of objects (object.h). The first byte of an input chooses the object.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/findings_report.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

// Longer inputs find nothing new and take longer.
constexpr std::size_t kMostBytes = 4096;

// What all inputs of this process found.
class Target {
 public:
  static Target& Get() {
    static auto& target = *new Target();
    return target;
  }

  void Run(std::span<const std::uint8_t> input) {
    if (input.empty()) return;
    Row& row = rows_[input[0] % rows_.size()];
    const auto start = std::chrono::steady_clock::now();
    const Findings findings =
        row.object.replay(input.subspan(1).first(std::min(input.size() - 1, kMostBytes)));
    row.time += std::chrono::steady_clock::now() - start;
    ++row.inputs;
    row.operations += findings.operations;
    if (!findings.wrong.has_value()) return;
    row.findings = findings;
    Report();
    std::abort();
  }

 private:
  struct Row {
    Object object;
    std::uint64_t inputs = 0;
    std::uint64_t operations = 0;
    std::chrono::duration<double> time{};
    Findings findings{};
  };

  Target() {
    for (Object& object : Objects()) rows_.push_back({std::move(object)});
    std::atexit([] {
      // Too late for exit().
      if (Get().Report() != 0) std::_Exit(1);
    });
  }

  int Report() const {
    internal::FindingsReport report("fuzz");
    for (const Row& row : rows_) {
      report.Add(
          row.object.name, row.time.count(),
          {{"inputs", std::to_string(row.inputs)}, {"operations", std::to_string(row.operations)}},
          row.findings, "replay this input");
    }
    return report.Finish();
  }

  std::vector<Row> rows_;
};

}  // namespace
}  // namespace ashlar::verification::linearizability

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ashlar::verification::linearizability::Target::Get().Run({data, size});
  return 0;
}
