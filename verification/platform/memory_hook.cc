#include "ashlar/verification/platform/memory_hook.h"

#include <cstdlib>
#include <new>

#include "ashlar/base/check.h"

namespace ashlar::verification {
namespace {

constexpr int kMostHooks = 4;
constinit MemoryHook* hooks[kMostHooks] = {};
constinit int hook_count = 0;

void* NewOrNull(std::size_t bytes, std::size_t alignment) {
  for (int i = 0; i < hook_count; ++i) {
    if (void* const pointer = hooks[i]->Allocate(bytes, alignment)) return pointer;
  }
  if (bytes == 0) bytes = 1;
  return alignment == 0
             ? std::malloc(bytes)
             : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* New(std::size_t bytes, std::size_t alignment) {
  void* const pointer = NewOrNull(bytes, alignment);
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

void Delete(void* pointer) {
  if (pointer == nullptr) return;
  for (int i = 0; i < hook_count; ++i) {
    if (hooks[i]->Free(pointer)) return;
  }
  std::free(pointer);
}

}  // namespace

MemoryHook::MemoryHook() {
  ASHLAR_CHECK(hook_count < kMostHooks);
  hooks[hook_count++] = this;
}

}  // namespace ashlar::verification

// All that there are: where some are left to the standard library they call these, but those of
// AddressSanitizer do not. Relacy's headers define some of them, as inline functions; these are
// not, so that they win.
using ashlar::verification::Delete;
using ashlar::verification::New;
using ashlar::verification::NewOrNull;

void* operator new(std::size_t bytes) { return New(bytes, 0); }
void* operator new[](std::size_t bytes) { return New(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return New(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return New(bytes, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return NewOrNull(bytes, 0);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return NewOrNull(bytes, 0);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return NewOrNull(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t&) noexcept {
  return NewOrNull(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* pointer) noexcept { Delete(pointer); }
void operator delete[](void* pointer) noexcept { Delete(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { Delete(pointer); }
void operator delete[](void* pointer, std::size_t) noexcept { Delete(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { Delete(pointer); }
void operator delete[](void* pointer, std::align_val_t) noexcept { Delete(pointer); }
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept { Delete(pointer); }
void operator delete[](void* pointer, std::size_t, std::align_val_t) noexcept { Delete(pointer); }
void operator delete(void* pointer, const std::nothrow_t&) noexcept { Delete(pointer); }
void operator delete[](void* pointer, const std::nothrow_t&) noexcept { Delete(pointer); }
void operator delete(void* pointer, std::align_val_t, const std::nothrow_t&) noexcept {
  Delete(pointer);
}
void operator delete[](void* pointer, std::align_val_t, const std::nothrow_t&) noexcept {
  Delete(pointer);
}
