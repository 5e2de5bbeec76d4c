// Memory of batches.
#include "flatbed/batch.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

using namespace flatbed;

TEST_SUITE("columns") {
  TEST_CASE("buffers are aligned, and hold what is written whatever their size") {
    for (const size_t bytes : {size_t{0}, size_t{1}, size_t{64}, size_t{1} << 20, (size_t{2} << 20) - 64,
                               (size_t{2} << 20) - 63, (size_t{2} << 20) + 4096, (size_t{5} << 20) + 1}) {
      CAPTURE(bytes);
      const Buffer buffer = Buffer::allocate(bytes);
      CHECK(buffer.size() == bytes);
      CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % 64 == 0);
      // Padded to a multiple of 64, as Arrow asks.
      std::memset(buffer.writable(), 0x5A, (bytes + 63) / 64 * 64);
      if (bytes > 0) CHECK(buffer.data()[bytes - 1] == std::byte{0x5A});
    }
  }

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  TEST_CASE("large buffers go back to the system, whatever lies between them") {
    constexpr size_t kLarge = size_t{2} << 20, kCount = 64;
    const auto resident_bytes = [] {
      size_t all = 0, resident = 0;
      std::ifstream("/proc/self/statm") >> all >> resident;
      return static_cast<int64_t>(resident) * ::sysconf(_SC_PAGESIZE);
    };
    Buffer::allocate(kLarge);  // a heap learns from what is freed that such blocks are to be kept
    constexpr int64_t kTouched = kCount * kLarge, kCounted = 1 << 20;  // each CPU counts pages for itself at first
    const int64_t before = resident_bytes();
    std::vector<Buffer> large, small;
    for (size_t i = 0; i < kCount; ++i) {
      large.push_back(Buffer::allocate(kLarge));
      std::memset(large.back().writable(), 1, kLarge);
      small.push_back(Buffer::allocate(100'000));
      std::memset(small.back().writable(), 1, small.back().size());
    }
    CHECK(resident_bytes() - before >= kTouched - kCounted);
    large.clear();
    CHECK(resident_bytes() - before < kTouched / 4);
  }
#endif
}
