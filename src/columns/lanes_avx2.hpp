// Four numbers of 64 bits side by side. Included by the files of AVX2, into their unnamed namespace; nothing here may
// be shared between them.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace flatbed {
namespace {

struct Lanes256 {
  static constexpr size_t kCount = 4;
  typedef uint64_t Words __attribute__((vector_size(32)));
  typedef int64_t Signed __attribute__((vector_size(32)));

  // Without this the compiler makes a constant anew for each group, which takes longer than its use.
  static Words keep(uint64_t number) {
    Words words = Words{} + number;
    asm("" : "+x"(words));
    return words;
  }
  static bool any(Words a) { return _mm256_testz_si256(raw(a), raw(a)) == 0; }
  static Words multiply(Words a, Words b) { return words(_mm256_mul_epu32(raw(a), raw(b))); }
  static Words shift_left(Words a, Words count) { return words(_mm256_sllv_epi64(raw(a), raw(count))); }

 protected:
  static __m256i raw(Words a) { return reinterpret_cast<__m256i>(a); }
  static Words words(__m256i a) { return reinterpret_cast<Words>(a); }
};

}  // namespace
}  // namespace flatbed
