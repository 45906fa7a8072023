#include "ashlar/engine/workloads/file_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace ashlar {
namespace {

// What one folder holds.
struct Listing {
  FileList found;
  std::vector<std::string> folders;
};

void Sort(const std::string& path, const struct stat& what, Listing& listing) {
  if (S_ISREG(what.st_mode)) {
    listing.found.files.push_back({path, static_cast<int64_t>(what.st_size)});
  } else if (S_ISDIR(what.st_mode)) {
    listing.folders.push_back(path);
  } else {
    ++listing.found.skipped;
  }
}

class Folder {
 public:
  explicit Folder(const std::string& path) : path_(path) {
    // Not opendir: a folder that was swapped for a link is not followed.
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) stream_.reset(fdopendir(fd));
    if (stream_ == nullptr) error_ = errno;
  }

  // The next entry's name; null at the end or at an error.
  const char* Next() {
    if (stream_ == nullptr) return nullptr;
    while (true) {
      errno = 0;
      const dirent* const entry = readdir(stream_.get());
      if (entry == nullptr) {
        error_ = errno;
        return nullptr;
      }
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") return entry->d_name;
    }
  }
  int fd() const { return dirfd(stream_.get()); }
  int error() const { return error_; }
  std::string PathOf(const char* name) const {
    return path_.back() == '/' ? path_ + name : path_ + "/" + name;
  }

 private:
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  const std::string& path_;
  std::unique_ptr<DIR, Close> stream_;
  int error_ = 0;
};

Listing List(const std::string& path, const OnUnreadable& on_unreadable) {
  Listing listing;
  const auto unreadable = [&](const std::string& what, int error) {
    ++listing.found.unreadable;
    on_unreadable(what, error);
  };
  Folder folder(path);
  while (const char* name = folder.Next()) {
    struct stat what;
    if (fstatat(folder.fd(), name, &what, AT_SYMLINK_NOFOLLOW) == 0) {
      Sort(folder.PathOf(name), what, listing);
    } else {
      unreadable(folder.PathOf(name), errno);
    }
  }
  if (folder.error() != 0) unreadable(path, folder.error());
  // The order that readdir gives depends on the file system.
  std::sort(listing.found.files.begin(), listing.found.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  std::sort(listing.folders.begin(), listing.folders.end());
  return listing;
}

void Append(FileList& list, FileList more) {
  std::move(more.files.begin(), more.files.end(), std::back_inserter(list.files));
  list.folders += more.folders;
  list.skipped += more.skipped;
  list.unreadable += more.unreadable;
}

int64_t BytesOf(const FileList& list) {
  int64_t bytes = 0;
  for (const FileList::File& file : list.files) bytes += file.bytes;
  return bytes;
}

}  // namespace

absl::StatusOr<FileList> ListFiles(Engine& engine, const std::vector<std::string>& paths,
                                   const OnUnreadable& on_unreadable, const OnFound& on_found) {
  Listing given;
  for (const std::string& path : paths) {
    struct stat what;
    if (lstat(path.c_str(), &what) != 0) {
      return absl::ErrnoToStatus(errno, "cannot read '" + path + "'");
    }
    Sort(path, what, given);
  }
  FileList all = std::move(given.found);
  on_found(BytesOf(all));

  std::vector<std::string> level = std::move(given.folders);
  while (!level.empty()) {
    std::vector<Listing> listings(level.size());
    engine.ParallelFor(std::size_t{0}, level.size(), [&](std::size_t i) {
      listings[i] = List(level[i], on_unreadable);
      on_found(BytesOf(listings[i].found));
    });
    all.folders += static_cast<int64_t>(level.size());
    level.clear();
    for (Listing& listing : listings) {
      Append(all, std::move(listing.found));
      std::move(listing.folders.begin(), listing.folders.end(), std::back_inserter(level));
    }
  }
  return all;
}

}  // namespace ashlar
