#include "ashlar/engine/trace.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include "ashlar/engine/json.h"

namespace ashlar {
namespace {

// A file that appears under its name when it is complete, or not at all.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : path_(path), write_path_(path) {
    struct stat existing;
    const bool exists = stat(path.c_str(), &existing) == 0;
    if (path.empty() || path.back() == '/' || (exists && S_ISDIR(existing.st_mode))) {
      error_ = path.empty() ? ENOENT : EISDIR;
      return;
    }
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
    if (!exists || S_ISREG(existing.st_mode)) {
      // A rename would not ask whether the old file may be written.
      if (exists && access(path.c_str(), W_OK) != 0) {
        error_ = errno;
        return;
      }
      write_path_ = TemporaryBeside(path);
      flags |= O_EXCL;
    }
    const int descriptor = open(write_path_.c_str(), flags, 0666);
    if (descriptor < 0 || (file_ = fdopen(descriptor, "w")) == nullptr) error_ = errno;
  }
  ~OutputFile() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    if (IsTemporary()) unlink(write_path_.c_str());
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void Write(const std::string& text) {
    if (file_ == nullptr || error_ != 0) return;
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) error_ = errno;
  }

  // Errors that the system kept back come with the close.
  absl::Status Commit() {
    if (file_ != nullptr) {
      std::FILE* file = std::exchange(file_, nullptr);
      if (std::fclose(file) != 0 && error_ == 0) error_ = errno;
      if (error_ == 0 && IsTemporary() && std::rename(write_path_.c_str(), path_.c_str()) != 0) {
        error_ = errno;
      }
      if (error_ != 0 && IsTemporary()) unlink(write_path_.c_str());
    }
    return status();
  }

  absl::Status status() const {
    if (error_ == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(error_, "cannot write the trace to '" + path_ + "'");
  }

 private:
  // In the directory of the file that `path` leads to, also through a symbolic link;
  // path_ becomes that file. The name is short, so that it is valid wherever path is.
  std::string TemporaryBeside(const std::string& path) {
    static std::atomic<int> counter{0};
    if (char* real = realpath(path.c_str(), nullptr)) {
      path_ = real;
      std::free(real);
    }
    const std::size_t slash = path_.rfind('/');
    return path_.substr(0, slash == std::string::npos ? 0 : slash + 1) + ".ashlar-trace-" +
           std::to_string(getpid()) + "-" +
           // relaxed: only has to be another number.
           std::to_string(counter.fetch_add(1, std::memory_order_relaxed));
  }
  bool IsTemporary() const { return write_path_ != path_; }

  std::string path_;
  std::string write_path_;
  std::FILE* file_ = nullptr;
  int error_ = 0;
};

void AppendMetadata(const char* what, std::size_t thread, const std::string& name,
                    std::string& out) {
  out += "{\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(thread) + ",\"name\":\"" + what +
         "\",\"args\":{\"name\":";
  AppendJsonString(name, out);
  out += "}}";
}

// Chrome's unit is the microsecond.
void AppendMicroseconds(int64_t ns, std::string& out) {
  char text[32];
  std::snprintf(text, sizeof(text), "%" PRId64 ".%03d", ns / 1000, static_cast<int>(ns % 1000));
  out += text;
}

}  // namespace

void TraceLog::Track::Span(const char* name, int64_t begin_ns, int64_t end_ns) noexcept {
  // relaxed: only this thread stores it.
  const std::size_t size = size_.load(std::memory_order_relaxed);
  const std::size_t block = size / kBlock;
  if (block < blocks_.size()) {
    if (size % kBlock == 0) blocks_[block].reset(new (std::nothrow) Record[kBlock]);
    if (blocks_[block] != nullptr) {
      blocks_[block][size % kBlock] = {name, begin_ns, end_ns};
      // (1) release: publishes the record and its block to the load (2).
      size_.store(size + 1, std::memory_order_release);
      return;
    }
  }
  // relaxed: a count that nothing else hangs on, with one writer.
  dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

std::vector<TraceLog::Track::Record> TraceLog::Track::Records() const {
  // (2) acquire: pairs with the store (1).
  const std::size_t size = size_.load(std::memory_order_acquire);
  std::vector<Record> records(size);
  for (std::size_t i = 0; i < size; ++i) records[i] = blocks_[i / kBlock][i % kBlock];
  // The outer of two spans that begin together goes first: viewers nest in file order.
  std::sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
    return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns : a.end_ns > b.end_ns;
  });
  return records;
}

TraceLog::Track* TraceLog::AddTrack(std::string name) {
  const std::size_t blocks = (options_.max_spans_per_track + Track::kBlock - 1) / Track::kBlock;
  std::lock_guard<std::mutex> lock(mutex_);
  return tracks_.emplace_back(new Track(std::move(name), blocks)).get();
}

absl::Status TraceLog::WriteChromeTrace(const std::string& path) const {
  OutputFile file(path);
  if (absl::Status status = file.status(); !status.ok()) return status;

  std::string out = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_spans\":\"" +
                    std::to_string(dropped()) + "\"},\"traceEvents\":[\n";
  AppendMetadata("process_name", 0, options_.process_name, out);

  std::vector<std::vector<Track::Record>> records;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& track : tracks_) {
      records.push_back(track->Records());
      out += ",\n";
      AppendMetadata("thread_name", records.size(), track->name_, out);
      out += ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(records.size()) +
             ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":" +
             std::to_string(records.size()) + "}}";
    }
  }
  int64_t origin = std::numeric_limits<int64_t>::max();
  for (const auto& track : records) {
    if (!track.empty()) origin = std::min(origin, track.front().begin_ns);
  }
  for (std::size_t thread = 0; thread < records.size(); ++thread) {
    for (const Track::Record& record : records[thread]) {
      out += ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(thread + 1) + ",\"name\":";
      AppendJsonString(record.name, out);
      out += ",\"ts\":";
      AppendMicroseconds(record.begin_ns - origin, out);
      out += ",\"dur\":";
      AppendMicroseconds(std::max<int64_t>(record.end_ns - record.begin_ns, 0), out);
      out += '}';
      if (out.size() >= 1 << 16) {
        file.Write(out);
        out.clear();
      }
    }
  }
  out += "\n]}\n";
  file.Write(out);
  return file.Commit();
}

absl::Status TraceLog::CheckWritable(const std::string& path) {
  struct stat existing;
  // Opening a pipe waits for its reader: that is for the real write.
  if (stat(path.c_str(), &existing) == 0 && S_ISFIFO(existing.st_mode)) return absl::OkStatus();
  return OutputFile(path).status();
}

int64_t TraceLog::spans() const {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t total = 0;
  for (const auto& track : tracks_) {
    // relaxed: a count alone; the records are not read.
    total += static_cast<int64_t>(track->size_.load(std::memory_order_relaxed));
  }
  return total;
}

int64_t TraceLog::dropped() const {
  std::lock_guard<std::mutex> lock(mutex_);
  int64_t total = 0;
  // relaxed: see Span.
  for (const auto& track : tracks_) total += track->dropped_.load(std::memory_order_relaxed);
  return total;
}

int64_t TraceLog::NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace ashlar
