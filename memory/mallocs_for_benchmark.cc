#include "ashlar/memory/mallocs_for_benchmark.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace ashlar {
namespace {

constexpr char kTunables[] = "GLIBC_TUNABLES";
constexpr char kWanted[] = "glibc.rtld.optional_static_tls=65536";

// Before anything is loaded.
[[gnu::constructor(101)]] void ExecuteAgain(int, char** arguments, char**) {
  const char* const given = std::getenv(kTunables);
  if (given != nullptr && std::strstr(given, kWanted) != nullptr) return;
  std::string tunables = kWanted;
  if (given != nullptr && *given != '\0') tunables += std::string(":") + given;
  ::setenv(kTunables, tunables.c_str(), 1);
  ::execv("/proc/self/exe", arguments);
  std::perror("mallocs_for_benchmark: execv");
  std::exit(1);
}

void* Find(void* library, const char* name, const char* package) {
  void* const found = library == nullptr ? nullptr : ::dlsym(library, name);
  if (found == nullptr) {
    std::fprintf(stderr, "%s\nInstall it with:  apt-get install %s\n", ::dlerror(), package);
    std::exit(1);
  }
  return found;
}

}  // namespace

LoadedMalloc::LoadedMalloc(const char* package, const char* library, const char* allocate_name,
                           const char* free_name) {
  void* const loaded = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  allocate = reinterpret_cast<AllocateFunction>(Find(loaded, allocate_name, package));
  free = reinterpret_cast<FreeFunction>(Find(loaded, free_name, package));
}

const LoadedMalloc loaded_mimalloc("libmimalloc2.0", "libmimalloc.so.2", "mi_malloc", "mi_free");
const LoadedMalloc loaded_jemalloc("libjemalloc2", "libjemalloc.so.2", "malloc", "free");
const LoadedMalloc loaded_tcmalloc("libtcmalloc-minimal4", "libtcmalloc_minimal.so.4", "tc_malloc",
                                   "tc_free");

}  // namespace ashlar
