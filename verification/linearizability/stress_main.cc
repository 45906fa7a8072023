// main() of a test of objects (object.h) with real threads.
//
// A second for each object; ASHLAR_STRESS_SECONDS asks for more, ASHLAR_STRESS_SEED for the same
// calls again. What overlaps is never the same again.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/findings_report.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

int Main(const char* program) {
  Stress stress;
  stress.seconds = internal::FromEnvironment("ASHLAR_STRESS_SECONDS", 1);
  stress.seed = static_cast<std::uint32_t>(
      internal::FromEnvironment("ASHLAR_STRESS_SEED", std::random_device()()));
  const std::string seed = "ASHLAR_STRESS_SEED=" + std::to_string(stress.seed);
  std::printf("%s\n%-32s %9s %11s %11s\n", seed.c_str(), "object", "rounds", "operations",
              "overlapping");
  std::fflush(stdout);
  internal::FindingsReport report("stress");
  for (const Object& object : Objects()) {
    if (object.stress == nullptr) continue;
    const auto start = std::chrono::steady_clock::now();
    const Findings findings = object.stress(stress);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double overlapping = 100.0 * static_cast<double>(findings.overlapping) /
                               static_cast<double>(findings.operations);
    std::printf("%-32s %9ju %11ju %9.0f %%  %s\n", object.name.c_str(),
                std::uintmax_t{findings.histories}, std::uintmax_t{findings.operations},
                overlapping, findings.wrong.has_value() ? "WRONG" : "ok");
    std::fflush(stdout);
    report.Add(object.name, seconds.count(),
               {{"programs", std::to_string(findings.programs)},
                {"executions", std::to_string(findings.executions)},
                {"histories", std::to_string(findings.histories)},
                {"operations", std::to_string(findings.operations)},
                {"overlapping", std::to_string(findings.overlapping)},
                {"complete", "false"}},
               findings, seed + " ASHLAR_STRESS_SECONDS=60 " + internal::Again(program, ""));
  }
  return report.Finish();
}

}  // namespace
}  // namespace ashlar::verification::linearizability

int main(int, char** argv) { return ashlar::verification::linearizability::Main(argv[0]); }
