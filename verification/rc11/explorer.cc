#include "ashlar/verification/rc11/explorer.h"

#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/checkpoint.h"
#include "ashlar/verification/rc11/frontier.h"
#include "ashlar/verification/rc11/path.h"

namespace ashlar::verification::rc11 {
namespace {

class Exploration {
 public:
  Exploration(const Options& options, const Observer& observer, int workers)
      : options_(options), observer_(observer), workers_(workers) {}

  // Calls run(work) for each worker to work, and gives the result of all.
  template <class Run>
  Result Explore(const Run& run) {
    std::deque<Work> work;
    if (!Begin(&work)) {
      total_.status = Result::Status::kUnreadable;
      return total_;
    }
    Frontier frontier(options_, workers_, std::move(work), total_);
    run(frontier);
    if (total_.status == Result::Status::kComplete) total_.status = frontier.status();
    const std::deque<Work> rest = frontier.TakeRest();
    if (!rest.empty()) total_.checkpoint = WriteCheckpoint(options_.model, total_, rest);
    return total_;
  }

  // One worker.
  void RunWorker(Program& program, Frontier& frontier) {
    Search search(program, options_, observer_, frontier);
    Work work;
    bool readable = true;
    while (readable && frontier.Take(&work)) {
      readable = search.Run(work, !options_.token.empty());
      if (!readable) frontier.End(Result::Status::kUnreadable);
    }
    const std::lock_guard lock(mutex_);
    Add(search.result());
  }

 private:
  bool Begin(std::deque<Work>* work) {
    total_.bounds = options_;
    if (!options_.resume.empty()) {
      return ReadCheckpoint(options_.resume, options_.model, &total_, work);
    }
    std::optional<Path> path = ParsePath(options_.token.empty() ? "-" : options_.token);
    if (!path) return false;
    work->push_back({std::move(*path)});
    return true;
  }

  void Add(const Result& result) {
    total_.executions += result.executions;
    total_.blocked += result.blocked;
    total_.cut += result.cut;
    total_.failures += result.failures;
    total_.steps += result.steps;
    total_.revisits += result.revisits;
    if (total_.failure || !result.failure) return;
    total_.failure = result.failure;
    total_.token = result.token;
  }

  const Options& options_;
  const Observer& observer_;
  const int workers_;
  std::mutex mutex_;  // of total_
  Result total_;
};

}  // namespace

Result Explore(Program& program, const Options& options, const Observer& observer) {
  Exploration exploration(options, observer, 1);
  return exploration.Explore([&](Frontier& frontier) { exploration.RunWorker(program, frontier); });
}

Result Explore(const ProgramFactory& make_program, int threads, const Options& options,
               const Observer& observer) {
  Exploration exploration(options, observer, threads);
  return exploration.Explore([&](Frontier& frontier) {
    const auto work = [&] { exploration.RunWorker(*make_program(), frontier); };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
  });
}

}  // namespace ashlar::verification::rc11
