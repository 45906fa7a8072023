#include "ashlar/engine/workloads/wordcount.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "ashlar/engine/json.h"
#include "ashlar/engine/workloads/file_list.h"
#include "ashlar/engine/workloads/per_thread.h"
#include "ashlar/engine/workloads/text_format.h"

namespace ashlar {
namespace {

// Reported one by one; of more only the number.
constexpr int64_t kMaxReports = 20;

// What a task needs to read and count.
struct Reader {
  Reader(std::size_t table_bytes, std::size_t buffer_bytes)
      : counter(table_bytes),
        // Zeroed, as what stands behind the text is read, though not used.
        buffer(std::make_unique<char[]>(buffer_bytes + WordCounter::kPadding)) {}
  WordCounter counter;
  std::unique_ptr<char[]> buffer;
};

class File {
 public:
  // Not a link, and never waiting for the other end of a pipe that took the file's place.
  explicit File(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {
    struct stat what;
    if (fd_ < 0 || fstat(fd_, &what) != 0) {
      error_ = errno;
    } else if (!S_ISREG(what.st_mode)) {
      error_ = S_ISDIR(what.st_mode) ? EISDIR : EINVAL;
    } else {
      bytes_ = static_cast<int64_t>(what.st_size);
    }
  }
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int fd() const { return fd_; }
  int64_t bytes() const { return bytes_; }
  int error() const { return error_; }

 private:
  int fd_;
  int64_t bytes_ = 0;
  int error_ = 0;
};

class WordCount {
 public:
  WordCount(Engine& engine, const WordCountOptions& options, WorkloadProgress& progress,
            const std::function<void(const std::string&)>& warn)
      : engine_(engine), options_(options), progress_(progress), warn_(warn), readers_([this] {
          // Each worker has its share of the memory, as at most so many readers are lent.
          const auto workers = static_cast<std::size_t>(engine_.worker_count());
          return std::make_unique<Reader>(options_.memory_bytes / workers, options_.buffer_bytes);
        }) {
    if (!options_.read) options_.read = pread;
  }

  absl::StatusOr<WordCounts> Run(const std::vector<std::string>& paths) {
    const auto report = [this](const std::string& path, int error) { Report(path, error); };
    auto list =
        ListFiles(engine_, paths, report, [this](int64_t bytes) { progress_.AddTotal(bytes); });
    if (!list.ok()) return list.status();
    engine_.ParallelFor(std::size_t{0}, list->files.size(),
                        [&](std::size_t i) { CountFile(list->files[i]); });
    if (reports_ > kMaxReports) {
      warn_("… and " + std::to_string(reports_ - kMaxReports) + " more that cannot be read");
    }
    WordCounts counts;
    counts.files = files_;
    counts.folders = list->folders;
    counts.skipped = list->skipped;
    counts.unreadable = reports_;
    Rank(counts);
    return counts;
  }

 private:
  void Report(const std::string& path, int error) {
    // relaxed: counts that are read when all tasks have ended.
    if (reports_.fetch_add(1, std::memory_order_relaxed) < kMaxReports) {
      warn_("cannot read '" + path + "': " + std::strerror(error));
    }
  }

  void CountFile(const FileList::File& listed) {
    const File file(listed.path);
    if (file.error() != 0) return Report(listed.path, file.error());
    // The last chunk goes on to the end of the file, wherever that is by then.
    const int64_t chunks = std::max<int64_t>(1, file.bytes() / options_.chunk_bytes);
    std::atomic<int> error{0};
    const TextEnds ends =
        chunks == 1
            ? CountChunk(file.fd(), 0, true, error)
            : engine_.ParallelReduce(
                  int64_t{0}, chunks, TextEnds(),
                  [&](int64_t i) { return CountChunk(file.fd(), i, i + 1 == chunks, error); },
                  [&](TextEnds left, TextEnds right) {
                    return JoinEnds(std::move(left), std::move(right), readers_.Borrow()->counter);
                  });
    CloseEnds(ends, readers_.Borrow()->counter);
    // relaxed: the tasks that wrote it have been joined.
    if (const int e = error.load(std::memory_order_relaxed)) return Report(listed.path, e);
    files_.fetch_add(1, std::memory_order_relaxed);
  }

  TextEnds CountChunk(int fd, int64_t chunk, bool last, std::atomic<int>& error) {
    const auto reader = readers_.Borrow();
    int64_t at = chunk * options_.chunk_bytes;
    const int64_t end = last ? std::numeric_limits<int64_t>::max() : at + options_.chunk_bytes;
    while (at < end) {
      const auto want = static_cast<std::size_t>(
          std::min<int64_t>(end - at, static_cast<int64_t>(options_.buffer_bytes)));
      const ssize_t got = options_.read(fd, reader->buffer.get(), want, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) error.store(errno, std::memory_order_relaxed);
      if (got <= 0) break;
      reader->counter.Feed(reader->buffer.get(), static_cast<std::size_t>(got));
      progress_.AddDone(got);
      at += got;
    }
    return reader->counter.EndPiece();
  }

  void Rank(WordCounts& counts) {
    std::vector<const WordTable*> tables;
    std::size_t words = 0;
    for (const Reader* reader : readers_.All()) {
      counts.totals += reader->counter.totals();
      counts.undercount += reader->counter.table().undercount();
      words += reader->counter.table().size();
      tables.push_back(&reader->counter.table());
    }
    if (tables.empty()) return;
    // Parts of a few thousand words: what is merged of them fits the cache.
    const auto parts = static_cast<uint32_t>(
        std::min<std::size_t>(WordTable::kMaxParts, std::bit_ceil(words / 4096 + 1)));
    counts.ranking = engine_.ParallelReduce(
        uint32_t{0}, parts, WordRanking(),
        [&](uint32_t part) { return RankPart(tables, part, parts, options_.top); },
        [&](WordRanking left, WordRanking right) {
          left.Merge(std::move(right), options_.top);
          return left;
        });
  }

  Engine& engine_;
  WordCountOptions options_;
  WorkloadProgress& progress_;
  const std::function<void(const std::string&)>& warn_;
  PerThread<Reader> readers_;
  std::atomic<int64_t> files_{0};
  std::atomic<int64_t> reports_{0};
};

Json ToJson(const WordCounts& counts) {
  Json top = Json::Array();
  for (const CountedWord& entry : counts.ranking.top) {
    Json item = Json::Object().Set("word", Json(entry.word)).Set("count", Json(entry.count));
    // JSON holds text alone: where the word is none, its bytes are given beside it.
    if (!IsUtf8(entry.word)) item.Set("hex", Json(Hex(entry.word)));
    top.Add(std::move(item));
  }
  return Json::Object()
      .Set("files", Json(counts.files))
      .Set("bytes", Json(counts.totals.bytes))
      .Set("lines", Json(counts.totals.lines))
      .Set("words", Json(counts.totals.words))
      .Set("distinct_words", Json(counts.ranking.distinct))
      .Set("long_words", Json(counts.totals.long_words))
      .Set("folders", Json(counts.folders))
      .Set("skipped", Json(counts.skipped))
      .Set("unreadable", Json(counts.unreadable))
      .Set("undercount", Json(counts.undercount))
      .Set("top", std::move(top));
}

std::string ToText(const WordCounts& counts) {
  std::string text = Counted(counts.files, "file") + ", " + Counted(counts.totals.bytes, "byte") +
                     ", " + Counted(counts.totals.lines, "line") + ", " +
                     Counted(counts.totals.words, "word") + ", " +
                     (counts.undercount > 0 ? "at least " : "") + Grouped(counts.ranking.distinct) +
                     " different\n";
  if (counts.unreadable > 0) text += Grouped(counts.unreadable) + " could not be read\n";
  if (counts.skipped > 0) {
    text += Grouped(counts.skipped) + " skipped: links, pipes, devices, sockets\n";
  }
  if (!counts.ranking.top.empty()) text += "\n";
  for (const CountedWord& entry : counts.ranking.top) {
    const std::string count = Grouped(entry.count);
    text += std::string(count.size() < 14 ? 14 - count.size() : 0, ' ') + count + "  " +
            Printable(entry.word, 60) + "\n";
  }
  if (counts.undercount > 0) {
    text += "The words did not fit the memory: each count may be up to " +
            Grouped(counts.undercount) + " too low; give more with --memory.\n";
  }
  return text;
}

absl::StatusOr<WorkloadResult> Run(WorkloadContext& context) {
  WordCountOptions options;
  options.top = static_cast<std::size_t>(context.arguments.Int("top"));
  options.memory_bytes = static_cast<std::size_t>(context.arguments.Int("memory")) << 20;
  auto counts = CountWords(context.engine, context.arguments.positional(), options,
                           context.progress, context.warn);
  if (!counts.ok()) return counts.status();
  WorkloadResult result;
  result.values = ToJson(*counts);
  result.text = ToText(*counts);
  result.work = counts->totals.bytes;
  result.unit = "bytes";
  return result;
}

}  // namespace

absl::StatusOr<WordCounts> CountWords(Engine& engine, const std::vector<std::string>& paths,
                                      const WordCountOptions& options, WorkloadProgress& progress,
                                      const std::function<void(const std::string&)>& warn) {
  return WordCount(engine, options, progress, warn).Run(paths);
}

Workload WordcountWorkload() {
  return {.name = "wordcount",
          .help = "bytes, lines, words and the most frequent words of files and folders",
          .positional = {.name = "PATH", .min = 1, .max = kAnyNumber},
          .options = {{.name = "top",
                       .value = int64_t{20},
                       .help = "how many of the most frequent words to show",
                       .min = 0,
                       .max = 100'000},
                      {.name = "memory",
                       .value = int64_t{1024},
                       .help = "MiB to keep words in; beyond, counts of rare words are lost",
                       .min = 1,
                       .max = 1 << 24}},
          .run = Run};
}

}  // namespace ashlar
