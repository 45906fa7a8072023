// second_thread_for_benchmark.h
// -----------------------------
// Include it, and the process has a second thread, which sleeps. While a process has one thread
// only, glibc's mutex leaves the lock prefix out, and costs a third of what it does in any program
// that needs it; and membarrier(2) has nobody to interrupt.
#ifndef ASHLAR_CONCURRENCY_SECOND_THREAD_FOR_BENCHMARK_H_
#define ASHLAR_CONCURRENCY_SECOND_THREAD_FOR_BENCHMARK_H_

#include <chrono>
#include <thread>

namespace ashlar {

inline const std::thread& second_thread = *new std::thread([] {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SECOND_THREAD_FOR_BENCHMARK_H_
