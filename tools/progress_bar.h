// progress_bar.h
// --------------
// ProgressBar: a line on a terminal that says how far a run is.
//
//   ProgressBar bar("wordcount", &progress, ProgressBar::WantedOnStderr());
//   … run …
//   bar.Print("cannot read 'x'");     // a line above the bar
//   bar.Stop();
//
// It draws from a thread of its own, ten times a second, and clears its line at the end.
// Off, it draws nothing and Print only prints. Thread safety: all from any thread.
#ifndef ASHLAR_TOOLS_PROGRESS_BAR_H_
#define ASHLAR_TOOLS_PROGRESS_BAR_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "ashlar/engine/workload.h"

namespace ashlar {

class ProgressBar {
 public:
  // Standard error is a terminal that can move its cursor.
  static bool WantedOnStderr();

  ProgressBar(std::string name, const WorkloadProgress* progress, bool on);
  ~ProgressBar() { Stop(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Prints a line to standard error.
  void Print(const std::string& line);

  // Clears the bar, for good.
  void Stop();

 private:
  void Draw();

  const std::string name_;
  const WorkloadProgress* const progress_;
  const std::chrono::steady_clock::time_point start_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool on_;             // guarded by mutex_
  bool drawn_ = false;  // guarded by mutex_: the line is not empty
  std::thread thread_;
};

// The line, at most `columns` wide:
// "wordcount [=====>      ]  43 %, 0:07 left".
std::string ProgressLine(const std::string& name, int64_t done, int64_t total, double seconds,
                         int columns);

}  // namespace ashlar

#endif  // ASHLAR_TOOLS_PROGRESS_BAR_H_
