// Version and build facts.
#pragma once

#include <string_view>

#define FLATBED_VERSION "0.1.0"

namespace flatbed {

/// Returns the version of the library that is linked, which may be newer than the headers.
std::string_view version() noexcept;
/// Returns the name of the index kernel this process uses: "scalar", "avx2", "avx512" or "neon".
/// Chosen once, by the CPU, or by the environment variable FLATBED_KERNEL.
std::string_view kernel() noexcept;

}  // namespace flatbed
