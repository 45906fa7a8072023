// names.h
// -------
// Names: what a report calls the things of an execution. This one knows nothing of the
// program: locations are x, y, z, u, v, w, x6, ..., values are numbers.
//
// A report that knows the source derives from it (source_names.h).
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_NAMES_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_NAMES_H_

#include <string>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

class Names {
 public:
  virtual ~Names() = default;

  virtual std::string Location(int location) const;
  // A value of `location`.
  virtual std::string Text(int location, Value value) const;
  // The line of the source, without the blanks around it. Empty if it is not known.
  virtual std::string Line(const SourceSite& place) const;
};

// Whether `place` is anywhere: programs that were not written in C++ have no places.
inline bool IsKnown(const SourceSite& place) { return place.file != nullptr; }

// "chase_lev_deque.h:117", and with all folders. Empty if it is not known.
std::string Where(const SourceSite& place);
std::string FullWhere(const SourceSite& place);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_NAMES_H_
