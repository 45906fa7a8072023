#include "ashlar/tools/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace ashlar {
namespace {

constexpr char kClearLine[] = "\r\x1b[K";

// A bar that is gone at once is only a flicker.
constexpr std::chrono::milliseconds kFirst{200};
constexpr std::chrono::milliseconds kNext{100};

int Columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof(text), "%lld:%02d:%02d", static_cast<long long>(whole / 3600),
                  static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
  } else {
    std::snprintf(text, sizeof(text), "%d:%02d", static_cast<int>(whole / 60),
                  static_cast<int>(whole % 60));
  }
  return text;
}

}  // namespace

bool ProgressBar::WantedOnStderr() {
  const char* const terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

ProgressBar::ProgressBar(std::string name, const WorkloadProgress* progress, bool on)
    : name_(std::move(name)),
      progress_(progress),
      start_(std::chrono::steady_clock::now()),
      on_(on) {
  if (!on) return;
  thread_ = std::thread([this] {
    std::unique_lock<std::mutex> lock(mutex_);
    auto pause = kFirst;
    while (!stopping_.wait_for(lock, pause, [this] { return !on_; })) {
      Draw();
      pause = kNext;
    }
  });
}

void ProgressBar::Draw() {
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const std::string line = kClearLine + ProgressLine(name_, progress_->done(), progress_->total(),
                                                     seconds, Columns() - 1);
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressBar::Print(const std::string& line) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::fprintf(stderr, "%s%s\n", drawn_ ? kClearLine : "", line.c_str());
  drawn_ = false;
}

void ProgressBar::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    on_ = false;
    if (drawn_) std::fputs(kClearLine, stderr);
    drawn_ = false;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string ProgressLine(const std::string& name, int64_t done, int64_t total, double seconds,
                         int columns) {
  // The total may lag behind: files grow while they are read.
  const double share =
      total <= 0 ? 0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  char percent[16];
  std::snprintf(percent, sizeof(percent), "%3d %%", static_cast<int>(share * 100));
  std::string tail = std::string("] ") + percent;
  // Of the first moments nothing can be concluded.
  if (share > 0.01 && seconds > 0.5) tail += ", " + Clock(seconds / share - seconds) + " left";

  const std::string head = name + " [";
  const int width = std::clamp(columns - static_cast<int>(head.size() + tail.size()), 0, 50);
  const int filled = static_cast<int>(share * width);
  std::string bar(static_cast<std::size_t>(width), ' ');
  for (int i = 0; i < filled; ++i) bar[static_cast<std::size_t>(i)] = '=';
  if (filled < width) bar[static_cast<std::size_t>(filled)] = '>';
  return (head + bar + tail).substr(0, static_cast<std::size_t>(std::max(columns, 0)));
}

}  // namespace ashlar
