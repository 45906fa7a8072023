// memory_hook.h
// -------------
// MemoryHook: what `new` and `delete` do in a binary that has a checker in it, while that
// one runs a scenario's code.
//
// Each checker has one; it may share the binary with others.
#ifndef ASHLAR_VERIFICATION_PLATFORM_MEMORY_HOOK_H_
#define ASHLAR_VERIFICATION_PLATFORM_MEMORY_HOOK_H_

#include <cstddef>

namespace ashlar::verification {

class MemoryHook {
 public:
  // Registers it for good. Before main().
  MemoryHook();

  // Memory for the scenario that the calling thread runs; null if it runs none of this
  // checker's. `alignment`: 0 is the default.
  virtual void* Allocate(std::size_t bytes, std::size_t alignment) = 0;
  // False if the pointer is none of this checker's memory.
  virtual bool Free(void* pointer) = 0;

 protected:
  ~MemoryHook() = default;
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_PLATFORM_MEMORY_HOOK_H_
