#include "ashlar/verification/rc11/report/source_files.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <fstream>

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification::rc11 {
namespace {

// The folder of the build's outputs is in the one that the compiler ran in.
std::string BuildRoot() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  const std::string program(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t at = program.find("/bazel-out/");
  return at == program.npos ? "" : program.substr(0, at);
}

std::vector<std::string> Candidates(const std::string& file) {
  const std::string short_path(ShortPath(file));
  std::vector<std::string> candidates = {file, short_path};
  const auto add = [&](const char* variable, const std::string& below) {
    if (const char* folder = std::getenv(variable)) {
      candidates.push_back(folder + below + "/" + short_path);
    }
  };
  const char* const workspace = std::getenv("TEST_WORKSPACE");
  add("TEST_SRCDIR", workspace == nullptr ? "" : "/" + std::string(workspace));
  add("BUILD_WORKSPACE_DIRECTORY", "");
  if (const std::string root = BuildRoot(); !root.empty()) {
    candidates.push_back(root + "/" + file);
    candidates.push_back(root + "/" + short_path);
  }
  return candidates;
}

}  // namespace

std::vector<std::string> SourceFiles::Read(const std::string& file) const {
  std::vector<std::string> lines;
  for (const std::string& path : Candidates(file)) {
    std::ifstream stream(path);
    if (!stream) continue;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    break;
  }
  return lines;
}

const std::vector<std::string>& SourceFiles::Cached(const std::string& file) const {
  auto found = files_.find(file);
  if (found == files_.end()) found = files_.emplace(file, Read(file)).first;
  return found->second;
}

std::string SourceFiles::Line(const std::string& file, unsigned line) const {
  std::string text = Lines(file, line, line);
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::string SourceFiles::Lines(const std::string& file, unsigned first, unsigned last) const {
  const std::vector<std::string>& lines = Cached(file);
  std::string text;
  for (std::size_t i = std::max(first, 1u); i <= std::min<std::size_t>(last, lines.size()); ++i) {
    text += lines[i - 1] + "\n";
  }
  return text;
}

}  // namespace ashlar::verification::rc11
