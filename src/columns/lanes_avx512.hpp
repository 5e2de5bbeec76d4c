// Eight numbers of 64 bits side by side. Included by the files of AVX-512, into their unnamed namespace; nothing here
// may be shared between them.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// GCC 12 warns of its own intrinsics, which leave lanes undefined on purpose.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace flatbed {
namespace {

struct Lanes512 {
  static constexpr size_t kCount = 8;
  typedef uint64_t Words __attribute__((vector_size(64)));
  typedef int64_t Signed __attribute__((vector_size(64)));

  // Without this the compiler makes a constant anew for each group, which takes longer than its use.
  static Words keep(uint64_t number) {
    Words words = Words{} + number;
    asm("" : "+v"(words));
    return words;
  }
  static bool any(Words a) { return _mm512_test_epi64_mask(raw(a), raw(a)) != 0; }
  static Words multiply(Words a, Words b) { return words(_mm512_mul_epu32(raw(a), raw(b))); }
  static Words shift_left(Words a, Words count) { return words(_mm512_sllv_epi64(raw(a), raw(count))); }

 protected:
  static __m512i raw(Words a) { return reinterpret_cast<__m512i>(a); }
  static Words words(__m512i a) { return reinterpret_cast<Words>(a); }
};

}  // namespace
}  // namespace flatbed
