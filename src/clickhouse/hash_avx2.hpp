// The hash of blocks for CPUs with AVX2.
#pragma once

#include <string_view>

namespace flatbed {

/// Adds bytes to an XXH3_state_t, as XXH3_128bits_update() does. REQUIRES: a CPU with AVX2.
void hash_avx2(void* state, std::string_view bytes) noexcept;

}  // namespace flatbed
