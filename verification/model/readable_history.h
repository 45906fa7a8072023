// readable_history.h
// ------------------
// ReadableHistory: the history of a failure, for people.
#ifndef ASHLAR_VERIFICATION_MODEL_READABLE_HISTORY_H_
#define ASHLAR_VERIFICATION_MODEL_READABLE_HISTORY_H_

#include <string>

#include "ashlar/verification/model/scenario.h"

namespace ashlar::verification {

// The history that `search` found, less what makes Relacy's hard to read: build folders
// before the paths, addresses, and its second half, which repeats the first thread by thread.
std::string ReadableHistory(const Search& search, std::string history);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_READABLE_HISTORY_H_
