// wordcount.h
// -----------
// `wordcount PATH...`: bytes, lines, words and the most frequent words of files and
// folders.
//
// Bytes and lines are those of wc; words are the runs of bytes that are not ASCII white
// space, as Python's len(data.split()), file by file. Files are read in parallel, large
// ones in chunks, into buffers that stay in the cache: nothing is mapped, so that a file
// may be larger than memory, or shrink, grow and vanish while it is read. What is read is
// what is counted. Links are not followed (file_list.h).
//
// A file that cannot be opened, or fails while it is read, is reported and counted as
// `unreadable`; `files` are those read to their end. What a failing file gave before its
// failure is in the totals.
//
// Frequencies are exact unless the words outgrow `--memory`; see word_table.h, and
// `undercount` in the result. Words of more than 4096 bytes (`long_words`) have none.
#ifndef ASHLAR_ENGINE_WORKLOADS_WORDCOUNT_H_
#define ASHLAR_ENGINE_WORKLOADS_WORDCOUNT_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/engine/engine.h"
#include "ashlar/engine/workload.h"
#include "ashlar/engine/workloads/word_counter.h"
#include "ashlar/engine/workloads/word_table.h"

namespace ashlar {

struct WordCountOptions {
  std::size_t top = 20;
  // For the words of all workers together.
  std::size_t memory_bytes = std::size_t{1} << 30;
  // Of a file, one task each. Whole multiples of a buffer read best.
  int64_t chunk_bytes = int64_t{4} << 20;
  std::size_t buffer_bytes = std::size_t{256} << 10;
  // As pread(2); tests put in what misbehaves.
  std::function<ssize_t(int fd, void* buffer, std::size_t bytes, off_t offset)> read = nullptr;
};

struct WordCounts {
  int64_t files = 0;
  int64_t folders = 0;
  int64_t skipped = 0;
  int64_t unreadable = 0;
  TextTotals totals;
  WordRanking ranking;
  int64_t undercount = 0;
};

// NotFound if a path does not exist; nothing is counted then.
absl::StatusOr<WordCounts> CountWords(Engine& engine, const std::vector<std::string>& paths,
                                      const WordCountOptions& options, WorkloadProgress& progress,
                                      const std::function<void(const std::string&)>& warn);

Workload WordcountWorkload();

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_WORDCOUNT_H_
