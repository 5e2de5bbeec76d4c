// What the vector kernels share. For each byte the scalar kernel asks "delimiter, line end or quote, and am I inside
// quotes?"; here the first three are bit masks of 64 bytes, and the fourth is their prefix xor: a byte is inside when
// an odd number of quotes stands before it. Parity is the truth only while every quote opens or closes a field, so that
// is checked on the way; a chunk with any other quote goes to the scalar kernel as a whole. Method: Langdale and
// Lemire, "Parsing Gigabytes of JSON per Second", 2019. Included by one file for each instruction set, into its unnamed
// namespace: nothing here may be shared between them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "index/kernel.hpp"

namespace flatbed {
namespace {

// Isa gives: Isa(delimiter, quote); see(p); masks delimiters(), quotes(), feeds(), returns(); has_returns();
// note() and ascii(), nul() of all that was noted; static prefix_xor(mask); static write(out, mask, base).
template <class Isa>
class BlockScan {
 public:
  BlockScan(std::string_view text, const Syntax& syntax, FieldIndex& index)
      : text_(text), quoting_(syntax.quotes), isa_(syntax.delimiter[0], syntax.quote), index_(index) {
    while (filler_ == syntax.delimiter[0] || filler_ == syntax.quote) ++filler_;
  }

  // Returns false when a quote stands where parity misleads; the index then means nothing.
  bool run() {
    uint32_t* out = index_.tail();
    const uint32_t* const begin = out;
    size_t at = 0;
    for (; at + 64 < text_.size(); at += 64) {
      out = step(text_.data() + at, static_cast<uint32_t>(at), text_[at + 64] == '\n', ~uint64_t{0}, out);
    }
    if (at < text_.size()) {
      const size_t rest = text_.size() - at;
      char last[64];
      std::memset(last, filler_, sizeof last);
      std::memcpy(last, text_.data() + at, rest);
      out = step(last, static_cast<uint32_t>(at), false, ~uint64_t{0} >> (64 - rest), out);
    }
    index_.fields += static_cast<size_t>(out - begin);
    index_.open = inside_ != 0;
    index_.escaped = escaped_ != 0;
    index_.ascii = isa_.ascii();
    index_.nul = isa_.nul();
    return misplaced_ == 0;
  }

 private:
  uint32_t* step(const char* block, uint32_t base, bool feed_follows, uint64_t valid, uint32_t* out) {
    isa_.see(block);
    isa_.note();
    const uint64_t feeds = isa_.feeds();
    uint64_t line_ends = feeds;
    uint64_t boundaries = feeds | isa_.delimiters();
    uint64_t ends = boundaries;
    if (isa_.has_returns()) {
      index_.returns = true;
      const uint64_t returns = isa_.returns();
      const uint64_t lone = returns & ~((feeds >> 1) | (uint64_t{feed_follows} << 63));
      line_ends |= lone;
      boundaries |= returns;
      ends |= lone;
    }
    index_.lines += count(line_ends);
    if (quoting_) {
      const uint64_t inside = follow_quotes(isa_.quotes(), boundaries, valid);
      ends &= ~inside;
      line_ends &= ~inside;
    }
    index_.record_ends += count(line_ends);
    return Isa::write(out, ends, base);
  }

  uint64_t follow_quotes(uint64_t quotes, uint64_t boundaries, uint64_t valid) {
    const uint64_t inside = Isa::prefix_xor(quotes) ^ inside_;
    inside_ = uint64_t{0} - (inside >> 63);
    boundaries &= ~inside;
    const uint64_t opening = quotes & inside;
    const uint64_t closing = quotes & ~inside;
    const uint64_t starts = (boundaries << 1) | after_boundary_;
    const uint64_t after_closing = ((closing << 1) | after_closing_) & valid;
    misplaced_ |= (opening & ~(starts | after_closing)) | (after_closing & ~(boundaries | quotes));
    escaped_ |= opening & after_closing;
    after_boundary_ = boundaries >> 63;
    after_closing_ = closing >> 63;
    if (quotes != 0) index_.quoted = true;
    return inside;
  }

  static size_t count(uint64_t mask) { return static_cast<size_t>(__builtin_popcountll(mask)); }

  std::string_view text_;
  bool quoting_;
  Isa isa_;
  FieldIndex& index_;
  char filler_ = 'x';
  uint64_t inside_ = 0;          // all ones while a quoted field goes on
  uint64_t after_boundary_ = 1;  // bit 0: the next byte begins a field
  uint64_t after_closing_ = 0;   // bit 0: the next byte follows a closing quote
  uint64_t misplaced_ = 0;
  uint64_t escaped_ = 0;
};

template <class Isa>
void index_blocks(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  if (syntax.by_parity()) {
    if (BlockScan<Isa>(text, syntax, index).run()) return;
    index.reset(text.size());
  }
  index_scalar(text, syntax, index);
}

}  // namespace
}  // namespace flatbed
