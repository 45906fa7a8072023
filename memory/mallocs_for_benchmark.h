// mallocs_for_benchmark.h
// -----------------------
// Mimalloc, Jemalloc, Tcmalloc, Glibc: four mallocs in one program, for benchmarks that compare
// them.
//
//   void* const memory = Mimalloc::Allocate(64);
//   Mimalloc::Free(memory);
//
// Linked as usual, each of the three libraries would take the place of malloc itself, in glibc and
// in the others. So they are opened with RTLD_LOCAL: nobody else's names are resolved in them, and
// their functions are called by the addresses that dlsym finds, an indirect call as through a
// procedure linkage table. They stay as their packages were built. jemalloc needs more static
// thread-local storage than glibc keeps for libraries that come late, so before main the program
// executes itself again with more (GLIBC_TUNABLES). Who is missing ends the program, and says which
// package to install.
#ifndef ASHLAR_MEMORY_MALLOCS_FOR_BENCHMARK_H_
#define ASHLAR_MEMORY_MALLOCS_FOR_BENCHMARK_H_

#include <cstddef>
#include <cstdlib>

namespace ashlar {

struct LoadedMalloc {
  using AllocateFunction = void* (*)(std::size_t);
  using FreeFunction = void (*)(void*);

  LoadedMalloc(const char* package, const char* library, const char* allocate, const char* free);

  AllocateFunction allocate;
  FreeFunction free;
};

extern const LoadedMalloc loaded_mimalloc;
extern const LoadedMalloc loaded_jemalloc;
extern const LoadedMalloc loaded_tcmalloc;

template <const LoadedMalloc& kMalloc>
struct MallocOf {
  static void* Allocate(std::size_t bytes) { return kMalloc.allocate(bytes); }
  static void Free(void* memory) { kMalloc.free(memory); }
};

using Mimalloc = MallocOf<loaded_mimalloc>;
using Jemalloc = MallocOf<loaded_jemalloc>;
using Tcmalloc = MallocOf<loaded_tcmalloc>;

struct Glibc {
  static void* Allocate(std::size_t bytes) { return std::malloc(bytes); }
  static void Free(void* memory) { std::free(memory); }
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_MALLOCS_FOR_BENCHMARK_H_
