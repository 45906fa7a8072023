#include "ashlar/verification/rc11/report/report_flags.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification::rc11 {
namespace {

// Writes a drawing where the flag says, and where Bazel keeps outputs.
void Draw(const std::string& file, std::string_view name, const char* extension,
          const std::string& text) {
  if (!file.empty() && !WriteFile(file, text)) {
    std::fprintf(stderr, "cannot write %s\n", file.c_str());
  }
  if (const char* const folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    const std::string path = std::string(folder) + "/" + std::string(name) + extension;
    if (!WriteFile(path, text)) std::fprintf(stderr, "cannot write %s\n", path.c_str());
  }
}

}  // namespace

bool TakeReportFlag(std::string_view argument, ReportFlags* flags) {
  const auto take = [&](std::string_view name, std::string* value) {
    if (argument.substr(0, name.size()) != name || argument.size() == name.size()) return false;
    *value = argument.substr(name.size());
    return true;
  };
  return take("--replay=", &flags->replay) || take("--dot=", &flags->dot) ||
         take("--mermaid=", &flags->mermaid);
}

void PrintReport(const char* program, std::string_view name, const ScenarioReport& report,
                 const ReportFlags& flags) {
  const std::string scenario(name);
  std::printf("\nFAILED: %s\n%s\n", scenario.c_str(), report.text.c_str());
  if (report.result.failures > 1) {
    std::printf("It is the smallest of %ju failures. ", std::uintmax_t{report.result.failures});
  }
  std::printf("To see it again, step by step:\n  %s --scenario=%s --replay=%s\n", program,
              scenario.c_str(), report.token.c_str());
  Draw(flags.dot, name, ".dot", report.dot);
  Draw(flags.mermaid, name, ".mmd", report.mermaid);
}

bool Replay(const char* program, std::string_view name, const ScenarioType& type,
            const ReportFlags& flags) {
  Options options;
  options.token = flags.replay;
  const ScenarioReport report = ReportScenario(type, options);
  if (report.result.status == Result::Status::kUnreadable) {
    std::fprintf(stderr, "%s: --replay: this is no execution of %.*s\n", program,
                 static_cast<int>(name.size()), name.data());
    return false;
  }
  if (!report.Failed()) {
    std::fprintf(stderr, "%s: --replay: this execution does not fail\n", program);
    return false;
  }
  ReplayExecution(type, *report.graph, report.failure,
                  [](const std::string& line) { std::printf("%s\n", line.c_str()); });
  PrintReport(program, name, report, flags);
  return true;
}

}  // namespace ashlar::verification::rc11
