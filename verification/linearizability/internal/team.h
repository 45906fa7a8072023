// team.h
// ------
// Team: threads that begin together, again and again.
//
//   Team team(3);
//   team.Run([&](int thread) { ... });   // in threads 0, 1, 2 at once; 0 is the caller's
//
// If a round does not end, for two minutes, the process does: what `describe` says of the round
// is printed before. So a lost wake-up is told, and not only killed by whoever runs the test.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TEAM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TEAM_H_

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace ashlar::verification::linearizability::internal {

class Team {
 public:
  // `describe` is called by a thread of its own, while a round runs.
  Team(int size, std::function<std::string()> describe);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // task(0), task(1), ... at once. Returns when all have.
  void Run(std::function<void(int)> task);

 private:
  void Work(int thread);
  void Watch();

  const int size_;
  const std::function<std::string()> describe_;
  cpu_set_t usable_;               // the processors that the caller may use
  std::function<void(int)> task_;  // null: the end
  std::atomic<int> called_{0};     // rounds
  std::atomic<int> ready_{0};      // threads that are awake
  std::atomic<int> begun_{0};      // rounds
  std::atomic<int> done_{0};       // threads
  std::atomic<int> ended_{0};      // rounds
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;
  std::thread watch_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TEAM_H_
