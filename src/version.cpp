// The version this library was built as.
#include "flatbed/version.hpp"

namespace flatbed {

std::string_view version() noexcept {
  return FLATBED_VERSION;
}

}  // namespace flatbed
