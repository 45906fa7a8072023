#include "ashlar/verification/litmus/outcome.h"

#include <cstddef>

namespace ashlar::verification::litmus {

std::string OutcomeText(const LitmusProgram& program, std::span<const std::int64_t> values) {
  std::string text;
  std::size_t next = 0;
  const auto append = [&](const std::string& name) {
    text.append(text.empty() ? "" : " ").append(name).append("=");
    text.append(std::to_string(values[next++]));
  };
  for (std::size_t thread = 0; thread < program.threads.size(); ++thread) {
    for (const std::string& name : program.threads[thread].registers) {
      append(std::to_string(thread) + "." + name);
    }
  }
  for (const std::string& name : program.locations) append(name);
  return text;
}

}  // namespace ashlar::verification::litmus
