// checkpoint.h
// ------------
// What an exploration that was stopped has found so far and has left to do, as lines of
// text, from which another one goes on. Failures are counted, and not told again.
#ifndef ASHLAR_VERIFICATION_RC11_CHECKPOINT_H_
#define ASHLAR_VERIFICATION_RC11_CHECKPOINT_H_

#include <deque>
#include <string>
#include <string_view>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/frontier.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification::rc11 {

std::string WriteCheckpoint(Model model, const Result& result, const std::deque<Work>& work);

// False if the text is no checkpoint of that model.
[[nodiscard]] bool ReadCheckpoint(std::string_view text, Model model, Result* result,
                                  std::deque<Work>* work);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_CHECKPOINT_H_
