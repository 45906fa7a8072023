// path.h
// ------
// Path: the decisions that lead to an execution graph, from which it can be built again,
// in another process too: which thread went on, what a read read from, where a write was
// placed, which choice was made.
//
// It does not hold what the threads did: the program says that again when it is run. Its
// text is one line without blanks, such as "0wi.1r0.1ri", or "-" for no events.
#ifndef ASHLAR_VERIFICATION_RC11_PATH_H_
#define ASHLAR_VERIFICATION_RC11_PATH_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

struct Path {
  static constexpr std::uint8_t kInitial = 255;

  // One event, in the sequence in which they were appended.
  struct Step {
    OperationKind kind;
    std::uint8_t thread;
    // Of a read, the step that it reads from, which may be a later one; of a write, the
    // earlier step that it was placed after. kInitial is the initial write.
    std::uint8_t other = kInitial;
    std::uint8_t choice = 0;

    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step> steps;
  std::uint16_t failed = 0;  // threads that do not go on; bit i is thread i

  friend bool operator==(const Path&, const Path&) = default;
};

Path PathTo(const Graph& graph);

std::string ToText(const Path& path);
// Nothing if the text is no path.
std::optional<Path> ParsePath(std::string_view text);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_PATH_H_
