// trace.h
// -------
// TraceLog: a timeline of what threads did, written as Chrome trace events, which
// Perfetto (https://ui.perfetto.dev) and chrome://tracing open.
//
//   TraceLog trace({.process_name = "render"});
//   TraceLog::Track* track = trace.AddTrack("worker 0");    // once a thread
//   const int64_t begin = TraceLog::NowNs();
//   RenderTile();
//   track->Span("tile", begin, TraceLog::NowNs());
//   absl::Status written = trace.WriteChromeTrace("render.json");
//
// Use it to see a run's shape: who was busy, who waited, what was stolen. For totals
// over long runs use counters; for time inside functions a sampling profiler.
//
// Memory is bounded: a track keeps its first `max_spans_per_track` spans (24 bytes
// each, taken in blocks as they fill) and counts the rest as dropped, which the file
// and dropped() say.
//
// Thread safety: a track has one writer, the thread that it stands for; everything else
// may be called from any thread at any time, also while spans are added. Progress: Span
// is wait-free but for the allocation of a block every 4096 spans. Cost: Span about
// 2 ns, and two clock readings by the caller.
// Errors: WriteChromeTrace returns what the file system said and leaves no half-written
// file: it writes a temporary file in the same directory and renames it. A pipe or a
// device is written directly.
//
// Format: "Trace Event Format", Google, 2016; the M events name the process and threads.
#ifndef ASHLAR_ENGINE_TRACE_H_
#define ASHLAR_ENGINE_TRACE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace ashlar {

class TraceLog {
 public:
  struct Options {
    std::string process_name = "ashlar";
    std::size_t max_spans_per_track = std::size_t{1} << 18;  // rounded up to whole blocks
  };

  class Track {
   public:
    // Adds what happened from `begin_ns` to `end_ns` by NowNs()'s clock. Spans may nest
    // and come in any order. `name` is kept as a pointer: give a string literal. Only
    // from the thread that owns the track.
    void Span(const char* name, int64_t begin_ns, int64_t end_ns) noexcept;

   private:
    friend class TraceLog;
    struct Record {
      const char* name;
      int64_t begin_ns;
      int64_t end_ns;
    };
    static constexpr std::size_t kBlock = 4096;

    Track(std::string name, std::size_t blocks) : name_(std::move(name)), blocks_(blocks) {}
    std::vector<Record> Records() const;

    const std::string name_;
    std::vector<std::unique_ptr<Record[]>> blocks_;
    std::atomic<std::size_t> size_{0};
    std::atomic<int64_t> dropped_{0};
  };

  TraceLog() : TraceLog(Options()) {}
  explicit TraceLog(Options options) : options_(std::move(options)) {}
  TraceLog(const TraceLog&) = delete;
  TraceLog& operator=(const TraceLog&) = delete;

  // The track lives as long as the log. Takes a lock.
  Track* AddTrack(std::string name);

  // Writes all spans added so far, in microseconds from the first.
  absl::Status WriteChromeTrace(const std::string& path) const;

  // Whether a file could be written there now: to fail before a long run, not after.
  static absl::Status CheckWritable(const std::string& path);

  int64_t spans() const;
  int64_t dropped() const;

  // Nanoseconds of the monotonic clock.
  static int64_t NowNs();

 private:
  const Options options_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Track>> tracks_;  // guarded by mutex_
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_TRACE_H_
