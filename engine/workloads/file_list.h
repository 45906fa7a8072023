// file_list.h
// -----------
// ListFiles: the regular files under some paths, found in parallel.
//
// Folders are entered, level by level, each read by one task. Symbolic links are never
// followed, neither those found nor those given ("link/" names the folder that a link
// leads to). Links, and what is neither file nor folder (pipes, devices, sockets), are
// counted as skipped. A folder or file that cannot be looked at is reported and counted
// as unreadable. A file is listed as often as it is found.
//
// Order: files come in the order of their paths' bytes, folder by folder, whatever the
// number of workers. Memory: some 100 bytes a file. Thread safety: one call at a time per
// FileList; runs tasks on the engine and returns when they have ended.
#ifndef ASHLAR_ENGINE_WORKLOADS_FILE_LIST_H_
#define ASHLAR_ENGINE_WORKLOADS_FILE_LIST_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/engine/engine.h"

namespace ashlar {

struct FileList {
  struct File {
    std::string path;
    int64_t bytes = 0;  // when it was listed
  };
  std::vector<File> files;
  int64_t folders = 0;
  int64_t skipped = 0;
  int64_t unreadable = 0;
};

// Told of each path that cannot be read and why (an errno). Any thread.
using OnUnreadable = std::function<void(const std::string& path, int error)>;

// Told of the number of bytes that were found more. Any thread.
using OnFound = std::function<void(int64_t bytes)>;

// NotFound or what else the system says, before anything else is done, if one of `paths`
// does not exist.
absl::StatusOr<FileList> ListFiles(Engine& engine, const std::vector<std::string>& paths,
                                   const OnUnreadable& on_unreadable, const OnFound& on_found);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_FILE_LIST_H_
