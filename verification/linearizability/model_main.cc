// main() of a test of objects (object.h) in every execution of small programs.
//
//   --object=NAME          only this one
//   --program=NUMBER       only this program of it
//   --max_executions=COUNT of a program, at most
//
// ASHLAR_MODEL_SCALE, if more than 1, asks for larger programs.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/findings_report.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

bool TakeNumber(std::string_view argument, std::string_view flag, std::uint64_t& number) {
  if (!argument.starts_with(flag)) return false;
  argument.remove_prefix(flag.size());
  const char* const end = argument.data() + argument.size();
  const auto [stop, error] = std::from_chars(argument.data(), end, number);
  return error == std::errc() && stop == end && number > 0;
}

int Main(int argc, char** argv) {
  Exploration exploration;
  exploration.deep = internal::FromEnvironment("ASHLAR_MODEL_SCALE", 1) > 1;
  std::string_view only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kObject = "--object=";
    if (argument.starts_with(kObject)) {
      only = argument.substr(kObject.size());
    } else if (!TakeNumber(argument, "--program=", exploration.only_program) &&
               !TakeNumber(argument, "--max_executions=", exploration.max_executions)) {
      std::fprintf(stderr, "%s: unknown flag or value: %s\n", argv[0], argv[i]);
      return 2;
    }
  }

  internal::FindingsReport report("linearizability");
  bool found = false;
  std::printf("%-32s %9s %11s %10s %11s %7s\n", "object", "programs", "executions", "histories",
              "operations", "seconds");
  for (const Object& object : Objects()) {
    if (!only.empty() && object.name != only) continue;
    found = true;
    const auto start = std::chrono::steady_clock::now();
    const Findings findings = object.explore(exploration);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const char* const verdict = findings.wrong.has_value() ? "WRONG"
                                : findings.complete        ? "ok, all executions"
                                                           : "ok";
    std::printf("%-32s %9ju %11ju %10ju %11ju %7.2f  %s\n", object.name.c_str(),
                std::uintmax_t{findings.programs}, std::uintmax_t{findings.executions},
                std::uintmax_t{findings.histories}, std::uintmax_t{findings.operations},
                seconds.count(), verdict);
    std::string again = "--object=" + object.name;
    if (findings.wrong.has_value()) {
      again += " --program=" + std::to_string(findings.wrong->program);
    }
    report.Add(object.name, seconds.count(),
               {{"programs", std::to_string(findings.programs)},
                {"executions", std::to_string(findings.executions)},
                {"histories", std::to_string(findings.histories)},
                {"operations", std::to_string(findings.operations)},
                {"complete", findings.complete ? "true" : "false"}},
               findings, internal::Again(argv[0], again));
  }
  if (!found) {
    std::fprintf(stderr, "there is no object %s\n", std::string(only).c_str());
    return 2;
  }
  return report.Finish();
}

}  // namespace
}  // namespace ashlar::verification::linearizability

int main(int argc, char** argv) { return ashlar::verification::linearizability::Main(argc, argv); }
