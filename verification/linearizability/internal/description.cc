#include "ashlar/verification/linearizability/internal/description.h"

#include <string>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/calls.h"

namespace ashlar::verification::linearizability::internal {

std::vector<Shape> UsualPrograms(int threads, bool deep) {
  if (threads == 1) return {{{deep ? 6 : 4}}};
  std::vector<Shape> shapes = {{std::vector<int>(2, deep ? 3 : 2)}};
  if (threads > 2) shapes.push_back({std::vector<int>(3, deep ? 2 : 1)});
  return shapes;
}

std::string VariantText(int variants, int variant) {
  return variants > 1 ? "variant " + std::to_string(variant) + "\n" : "";
}

}  // namespace ashlar::verification::linearizability::internal
