// What the vector kernels share. For each byte the scalar kernel asks "delimiter, line end or quote, and am I inside
// quotes?"; here the first three are bit masks of 64 bytes, and the fourth is their prefix xor: a byte is inside when
// an odd number of quotes stands before it. Parity is the truth only while every quote opens or closes a field, so that
// is checked on the way; a chunk with any other quote goes to the scalar kernel as a whole. Method: Langdale and
// Lemire, "Parsing Gigabytes of JSON per Second", 2019. Masks become positions in a loop of their own, which leaves the
// registers of each loop to its own work. Included by one file for each instruction set, into its unnamed namespace:
// nothing here may be shared between them.
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
    const size_t full = text_.empty() ? 0 : (text_.size() - 1) / 64;
    out_ = index_.tail();
    const uint32_t* const begin = out_;
    uint64_t ends[kBatch];
    for (size_t first = 0; first < full; first += kBatch) {
      const size_t batch = full - first < kBatch ? full - first : kBatch;
      const char* const text = text_.data() + 64 * first;
      for (size_t i = 0; i < batch; ++i) ends[i] = ends_of(text + 64 * i, text[64 * i + 64] == '\n', ~uint64_t{0});
      for (size_t i = 0; i < batch; ++i) write(ends[i], first + i);
    }
    if (const size_t rest = text_.size() - 64 * full; rest != 0) {
      char last[64];
      std::memset(last, filler_, sizeof last);
      std::memcpy(last, text_.data() + 64 * full, rest);
      write(ends_of(last, false, ~uint64_t{0} >> (64 - rest)), full);
    }
    index_.fields += static_cast<size_t>(out_ - begin);
    index_.record_ends = record_ends_;
    index_.lines = lines_;
    index_.quoted = quoted_ != 0;
    index_.escaped = escaped_ != 0;
    index_.returns = returns_ != 0;
    index_.open = inside_ != 0;
    index_.ascii = isa_.ascii();
    index_.nul = isa_.nul();
    return misplaced_ == 0;
  }

 private:
  static constexpr size_t kBatch = 64;

  void write(uint64_t ends, size_t block) { out_ = Isa::write(out_, ends, static_cast<uint32_t>(64 * block)); }

  // Returns where fields end in a block.
  uint64_t ends_of(const char* block, bool feed_follows, uint64_t valid) {
    isa_.see(block);
    isa_.note();
    const uint64_t feeds = isa_.feeds();
    uint64_t line_ends = feeds;
    uint64_t boundaries = feeds | isa_.delimiters();
    uint64_t ends = boundaries;
    if (isa_.has_returns()) {
      const uint64_t returns = isa_.returns();
      const uint64_t lone = returns & ~((feeds >> 1) | (uint64_t{feed_follows} << 63));
      returns_ |= returns;
      line_ends |= lone;
      boundaries |= returns;
      ends |= lone;
    }
    lines_ += count(line_ends);
    if (quoting_) {
      const uint64_t inside = follow_quotes(isa_.quotes(), boundaries, valid);
      ends &= ~inside;
      line_ends &= ~inside;
    }
    record_ends_ += count(line_ends);
    return ends;
  }

  // Returns which bytes are inside quotes. A quote that opens must stand behind a boundary or a quote, and one that
  // closes before one. No boundary next to such a quote is inside: quotes up to it are even in number.
  uint64_t follow_quotes(uint64_t quotes, uint64_t boundaries, uint64_t valid) {
    const uint64_t inside = Isa::prefix_xor(quotes) ^ inside_;
    const uint64_t opening = quotes & inside;
    const uint64_t closing = quotes & ~inside;
    const uint64_t signs = boundaries | quotes;
    const uint64_t after_sign = (signs << 1) + after_sign_;
    const uint64_t after_closing = (closing << 1) + after_closing_;
    misplaced_ |= (opening & ~after_sign) | (after_closing & ~signs & valid);
    escaped_ |= opening & after_closing;
    quoted_ |= quotes;
    inside_ = uint64_t{0} - (inside >> 63);
    after_sign_ = signs >> 63;
    after_closing_ = closing >> 63;
    return inside;
  }

  static size_t count(uint64_t mask) { return static_cast<size_t>(__builtin_popcountll(mask)); }

  std::string_view text_;
  bool quoting_;
  Isa isa_;
  FieldIndex& index_;
  uint32_t* out_ = nullptr;
  char filler_ = 'x';
  uint64_t inside_ = 0;         // all ones while a quoted field goes on
  uint64_t after_sign_ = 1;     // bit 0: the next byte follows a boundary or a quote, or is the first
  uint64_t after_closing_ = 0;  // bit 0: the next byte follows a closing quote
  uint64_t misplaced_ = 0;
  uint64_t escaped_ = 0;
  uint64_t quoted_ = 0;
  uint64_t returns_ = 0;
  size_t lines_ = 0;
  size_t record_ends_ = 0;
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
