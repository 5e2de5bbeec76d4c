// Where blocks end. Enters: batches. Leaves: what is known of a block. Invariant: it depends on rows and options alone.
#define XXH_INLINE_ALL
#include "clickhouse/blocks.hpp"

#include <xxhash.h>

#include <algorithm>
#include <new>

#include "clickhouse/hash_avx2.hpp"

namespace flatbed {
namespace {

std::string hexadecimal(XXH128_hash_t hash) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : {hash.high64, hash.low64}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kHex[(half >> shift) & 15];
  }
  return text;
}

}  // namespace

BlockLimits::BlockLimits(const Options& options)
    : rows(std::max<uint64_t>(1, options.count("block_rows"))),
      bytes(std::max<uint64_t>(1, options.count("block_bytes"))),
      connections(static_cast<unsigned>(std::clamp<uint64_t>(options.count("connections"), 1, 64))) {}

void BlockLimits::fit(size_t memory_limit) noexcept {
  bytes = std::min<uint64_t>(bytes, memory_limit / (connections + 1));
}

void count_in(const Batch& batch, uint64_t number, BlockRecord& record) {
  const Origin& origin = batch.origin();
  if (record.records == 0) {
    record.number = number;
    record.first_record = origin.first_record;
    record.byte_begin = origin.byte_begin;
  }
  record.rows += batch.rows();
  record.records += std::max<uint64_t>(origin.records, batch.rows());
  record.byte_end = origin.byte_end;
}

ContentHash::ContentHash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_.get()));
}

void ContentHash::Free::operator()(void* state) const noexcept {
  XXH3_freeState(static_cast<XXH3_state_t*>(state));
}

void ContentHash::add(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return hash_avx2(state_.get(), bytes);
#endif
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_.get()), bytes.data(), bytes.size());
}

std::string ContentHash::take() {
  auto* state = static_cast<XXH3_state_t*>(state_.get());
  std::string text = hexadecimal(XXH3_128bits_digest(state));
  XXH3_128bits_reset(state);
  return text;
}

std::string content_hash(std::string_view bytes) {
  ContentHash hash;
  hash.add(bytes);
  return hash.take();
}

}  // namespace flatbed
