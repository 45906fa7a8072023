#include "ashlar/concurrency/thread_epochs.h"

#include <pthread.h>

#include <new>

#include "ashlar/base/check.h"

namespace ashlar {

EpochReclamation& DefaultEpochs() {
  // Never destroyed: threads may run on until the process has ended.
  static EpochReclamation& epochs = *new EpochReclamation({.batch = kDefaultEpochsBatch});
  return epochs;
}

namespace internal_thread_epochs {
namespace {

using Participant = EpochReclamation::Participant;

// It has no destructor: that would run among those of other thread_locals, in a sequence that
// depends on who was first.
alignas(Participant) constinit thread_local unsigned char room[sizeof(Participant)] = {};

// Runs after the destructors of all thread_locals. While the participant leaves, it frees; the
// deleters find it still here.
void Leave(void* joined) {
  static_cast<Participant*>(joined)->~Participant();
  participant = nullptr;
}

pthread_key_t MakeKey() {
  pthread_key_t key;
  ASHLAR_CHECK(pthread_key_create(&key, &Leave) == 0, "the process has too many pthread keys");
  return key;
}

}  // namespace

constinit thread_local Participant* participant = nullptr;

Participant& Join() {
  static const pthread_key_t key = MakeKey();
  auto* const joined = ::new (room) Participant(DefaultEpochs(), "a thread");
  if (pthread_setspecific(key, joined) != 0) {
    joined->~Participant();
    throw std::bad_alloc();
  }
  participant = joined;
  return *joined;
}

}  // namespace internal_thread_epochs
}  // namespace ashlar
