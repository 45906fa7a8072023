#include "ashlar/scheduling/outcome.h"

#include <exception>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ashlar::internal {

absl::Status StatusOfException(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return absl::UnknownError(absl::StrCat("exception: ", error.what()));
  } catch (...) {
    return absl::UnknownError("an exception that is no std::exception");
  }
}

}  // namespace ashlar::internal
