// All of Ashlar from one header: counts primes on every core.
#include <cstdio>
#include <functional>

#include "ashlar/runtime.h"

bool IsPrime(int n) {
  for (int divisor = 2; divisor * divisor <= n; ++divisor) {
    if (n % divisor == 0) return false;
  }
  return n > 1;
}

int main() {
  ashlar::Context context;
  const int primes =
      context.engine().ParallelReduce(0, 1000000, /*identity=*/0, IsPrime, std::plus<int>());
  std::printf("%d primes below a million\n", primes);
}
