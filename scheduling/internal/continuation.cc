#include "ashlar/scheduling/internal/continuation.h"

#include <utility>

namespace ashlar::internal {
namespace {

// Loops inside of each other. Each is a few hundred bytes of ours, and what the user's functions
// between them need.
constexpr int kDeepest = 32;

struct ThisThread {
  int depth = 0;
  // Put off, in a list: the first to run, and where the next one is linked.
  Continuation* first = nullptr;
  Continuation* last = nullptr;
};
thread_local constinit ThisThread this_thread [[gnu::tls_model("initial-exec")]];

void PutOff(Continuation* continuation) {
  continuation->next.Write() = nullptr;
  if (this_thread.first == nullptr) {
    this_thread.first = continuation;
  } else {
    this_thread.last->next.Write() = continuation;
  }
  this_thread.last = continuation;
}

void Loop(Continuation* continuation) {
  while (continuation != nullptr) continuation = continuation->Run();
}

}  // namespace

void RunChainFrom(Continuation& first) noexcept {
  if (this_thread.depth == kDeepest) return PutOff(&first);
  ++this_thread.depth;
  Loop(&first);
  if (this_thread.depth == 1 && this_thread.first != nullptr) RunPutOff();
  --this_thread.depth;
}

void RunPutOff() noexcept {
  while (Continuation* const continuation = this_thread.first) {
    this_thread.first = continuation->next.Read();
    Loop(continuation);
  }
}

}  // namespace ashlar::internal
