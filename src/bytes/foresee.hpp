// Memory that is read once, from its begin to its end. Included by files of instruction sets: nothing here may be
// shared between them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flatbed {
namespace {

// A page ahead, because what a CPU fetches by itself ends with the page it reads: an index takes half the time.
constexpr size_t kAhead = 4096;

/// Fetches what will be read soon after `from`, whether there is something or not.
inline void foresee(const void* from) noexcept {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + kAhead));
}

}  // namespace
}  // namespace flatbed
