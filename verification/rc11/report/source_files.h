// source_files.h
// --------------
// SourceFiles: lines of the program's own source, at run time, for reports.
//
// A test knows its sources by the paths that the compiler was given. They are looked for
// where it runs; in Bazel's runfiles; where `bazel run` was started; and beside the build's
// outputs that the program itself is one of. Where there is none, lines are empty.
//
// Thread safety: none.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_FILES_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_FILES_H_

#include <map>
#include <string>
#include <vector>

namespace ashlar::verification::rc11 {

class SourceFiles {
 public:
  virtual ~SourceFiles() = default;

  // Line `line` of `file`, from 1, without the blanks around it.
  std::string Line(const std::string& file, unsigned line) const;
  // Lines `first` to `last`, as they are, with a newline after each.
  std::string Lines(const std::string& file, unsigned first, unsigned last) const;

 protected:
  // All of it, as lines; empty if there is no such file.
  virtual std::vector<std::string> Read(const std::string& file) const;

 private:
  const std::vector<std::string>& Cached(const std::string& file) const;

  mutable std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_FILES_H_
