#include "ashlar/verification/litmus/relacy_runner.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/verification/litmus/execution.h"
#include "ashlar/verification/litmus/outcome.h"
#include "ashlar/verification/model/relacy_scenario.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::verification::litmus {
namespace {

constexpr std::size_t kMostThreads = 4;
constexpr std::size_t kMostLocations = 16;
constexpr std::size_t kMostRegisters = 64;
constexpr int kMostFailures = 100;

// Whether some access of the location is atomic, or is not.
bool HasAccess(const LitmusProgram& program, std::size_t location, bool atomic) {
  for (const LitmusThread& thread : program.threads) {
    for (const Statement& statement : thread.statements) {
      if (statement.kind == Statement::Kind::kFence || statement.location != location) continue;
      if ((statement.order != rc11::Order::kPlain) == atomic) return true;
    }
  }
  return false;
}

std::size_t Registers(const LitmusProgram& program) {
  std::size_t registers = 0;
  for (const LitmusThread& thread : program.threads) registers += thread.registers.size();
  return registers;
}

// What is to be run, and what came out; apart from the scenario, which Relacy makes anew
// for each execution. Nothing may be allocated in one.
struct Job {
  const LitmusProgram* program = nullptr;
  std::vector<char> is_plain;             // by location
  std::vector<std::size_t> registers_at;  // by thread: where its registers begin
  std::size_t width = 0;                  // values of an outcome
  std::vector<std::int64_t> values;       // of all outcomes
  std::size_t outcomes = 0;
};
Job job;

template <unsigned kThreadCount>
class LitmusScenario {
 public:
  static constexpr unsigned kThreads = kThreadCount;

  LitmusScenario() {
    for (std::size_t i = 0; i < job.is_plain.size(); ++i) {
      job.is_plain[i] ? void(plain_[i].emplace(0)) : void(atomics_[i].emplace(0));
    }
  }

  void Thread(unsigned index) {
    if (index >= job.program->threads.size()) return;  // Relacy wants two
    ExecuteThread<RelacyPlatform>(job.program->threads[index], *this,
                                  registers_.data() + job.registers_at[index]);
  }

  void After() {
    ASHLAR_CHECK((job.outcomes + 1) * job.width <= job.values.size(), "more executions than told");
    const std::size_t registers = job.width - job.is_plain.size();
    std::int64_t* out = job.values.data() + job.outcomes * job.width;
    out = std::copy_n(registers_.begin(), registers, out);
    for (std::size_t i = 0; i < job.is_plain.size(); ++i) {
      const int location = static_cast<int>(i);
      *out++ = job.is_plain[i] ? ReadPlain(location) : At(location).load(std::memory_order_relaxed);
    }
    ++job.outcomes;
  }

  RelacyPlatform::Atomic<std::int64_t>& At(int location) { return *atomics_[location]; }
  std::int64_t ReadPlain(int location) { return plain_[location]->Read(); }
  void WritePlain(int location, std::int64_t value) { plain_[location]->Write() = value; }

 private:
  std::array<std::optional<RelacyPlatform::Atomic<std::int64_t>>, kMostLocations> atomics_;
  std::array<std::optional<RelacyPlatform::Var<std::int64_t>>, kMostLocations> plain_;
  std::array<std::int64_t, kMostRegisters> registers_{};
};

Scenario ScenarioFor(std::size_t threads) {
  if (threads == 4) return MakeScenario<LitmusScenario<4>>("litmus");
  if (threads == 3) return MakeScenario<LitmusScenario<3>>("litmus");
  return MakeScenario<LitmusScenario<2>>("litmus");
}

}  // namespace

std::string WhyNotUnderRelacy(const LitmusProgram& program) {
  if (program.threads.size() > kMostThreads) return "more than 4 threads";
  if (program.locations.size() > kMostLocations) return "more than 16 locations";
  if (Registers(program) > kMostRegisters) return "more than 64 registers";
  for (std::size_t i = 0; i < program.locations.size(); ++i) {
    if (HasAccess(program, i, true) && HasAccess(program, i, false)) {
      return program.locations[i] + " is atomic and is not";
    }
  }
  return "";
}

std::set<std::string> RunUnderRelacy(const LitmusProgram& program, std::uint64_t executions) {
  ASHLAR_CHECK(WhyNotUnderRelacy(program).empty(), "ask first");
  job = Job();
  job.program = &program;
  for (const LitmusThread& thread : program.threads) {
    job.registers_at.push_back(job.width);
    job.width += thread.registers.size();
  }
  for (std::size_t i = 0; i < program.locations.size(); ++i) {
    job.is_plain.push_back(HasAccess(program, i, false));
  }
  job.width += program.locations.size();
  job.values.resize(executions * job.width);

  const Scenario scenario = ScenarioFor(program.threads.size());
  std::set<std::string> shown;
  std::uint64_t first = 1;
  for (int failures = 0; first <= executions && failures < kMostFailures; ++failures) {
    const Outcome outcome = scenario.Explore(Search::Random(executions - first + 1, first));
    first += outcome.executions;
    if (outcome.failed) shown.insert(outcome.reason);
  }

  std::set<std::vector<std::int64_t>> different;
  for (std::size_t i = 0; i < job.outcomes; ++i) {
    const auto begin = job.values.begin() + static_cast<std::ptrdiff_t>(i * job.width);
    different.emplace(begin, begin + static_cast<std::ptrdiff_t>(job.width));
  }
  for (const std::vector<std::int64_t>& values : different) {
    shown.insert(OutcomeText(program, values));
  }
  return shown;
}

}  // namespace ashlar::verification::litmus
