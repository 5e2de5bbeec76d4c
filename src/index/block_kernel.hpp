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

#include "bytes/foresee.hpp"
#include "index/kernel.hpp"

namespace flatbed {
namespace {

// Isa gives: Isa(delimiter, quote); see(p); masks delimiters(), quotes(), feeds(), returns(); has_returns();
// note() and ascii(), nul() of all that was noted; static prefix_xor(mask); static write(out, mask, base).
template <class Isa>
class BlockScan {
 public:
  // Begins at a record. Adds to what the index holds of the text before.
  BlockScan(std::string_view text, size_t begin, const Syntax& syntax, FieldIndex& index)
      : text_(text),
        begin_(begin),
        first_(index.fields),
        quoting_(syntax.quotes),
        isa_(syntax.delimiter[0], syntax.quote),
        index_(index),
        out_(index.tail()) {
    while (filler_ == syntax.delimiter[0] || filler_ == syntax.quote) ++filler_;
  }

  // Returns true at the end of the text, and false behind a quote that stands where parity misleads.
  bool run() {
    const size_t full = (text_.size() - begin_ - 1) / 64;
    uint64_t ends[kBatch];
    for (size_t first = 0; first < full; first += kBatch) {
      const Facts before = facts_;
      const size_t batch = full - first < kBatch ? full - first : kBatch;
      for (size_t i = 0; i < batch; ++i) {
        const char* const block = at(first + i);
        foresee(block);
        ends[i] = ends_of(block, block[64] == '\n', ~uint64_t{0});
        if (misplaced_ != 0) [[unlikely]]
          return stop_behind(first + i, first, before);
      }
      for (size_t i = 0; i < batch; ++i) write(ends[i], first + i);
    }
    const size_t rest = text_.size() - begin_ - 64 * full;
    char last[64];
    std::memset(last, filler_, sizeof last);
    std::memcpy(last, at(full), rest);
    const Facts before = facts_;
    const uint64_t ends_of_last = ends_of(last, false, ~uint64_t{0} >> (64 - rest));
    if (misplaced_ != 0) return stop_behind(full, full, before);
    write(ends_of_last, full);
    index_.open = inside_ != 0;
    tell();
    return true;
  }

  // Where the last whole record ends, and a byte behind the misplaced quote.
  size_t good_end() const { return good_end_; }
  size_t bad_end() const { return bad_end_; }

 private:
  static constexpr size_t kBatch = 64;
  struct Facts {
    size_t lines = 0, record_ends = 0;
    uint64_t quoted = 0, escaped = 0, returns = 0;
  };

  const char* at(size_t block) const { return text_.data() + begin_ + 64 * block; }
  void write(uint64_t ends, size_t block) { out_ = Isa::write(out_, ends, static_cast<uint32_t>(begin_ + 64 * block)); }

  void tell() {
    index_.fields += static_cast<size_t>(out_ - index_.tail());
    index_.record_ends += facts_.record_ends;
    index_.lines += facts_.lines;
    index_.quoted = index_.quoted || facts_.quoted != 0;
    index_.escaped = index_.escaped || facts_.escaped != 0;
    index_.returns = index_.returns || facts_.returns != 0;
    index_.ascii = index_.ascii && isa_.ascii();
    index_.nul = index_.nul || isa_.nul();
  }

  // Keeps the whole records of the blocks before `first`.
  bool stop_behind(size_t bad, size_t first, const Facts& before) {
    facts_ = before;
    tell();
    const auto is_line_end = [&](uint32_t place) { return text_[place] == '\n' || text_[place] == '\r'; };
    while (index_.fields > first_ && !is_line_end(index_.end(index_.fields - 1))) --index_.fields;
    good_end_ = index_.fields == first_ ? begin_ : index_.end(index_.fields - 1) + size_t{1};
    const size_t seen = begin_ + 64 * first;
    std::string_view again = text_.substr(good_end_, seen - good_end_);
    // A CR whose LF follows was not counted yet.
    if (again.ends_with('\r') && text_[seen] == '\n') again.remove_suffix(1);
    index_.lines -= count_lines(again);
    bad_end_ = begin_ + 64 * (bad + 1);
    return false;
  }

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
      facts_.returns |= returns;
      line_ends |= lone;
      boundaries |= returns;
      ends |= lone;
    }
    facts_.lines += count(line_ends);
    if (quoting_) {
      const uint64_t inside = follow_quotes(isa_.quotes(), boundaries, valid);
      ends &= ~inside;
      line_ends &= ~inside;
    }
    facts_.record_ends += count(line_ends);
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
    facts_.escaped |= opening & after_closing;
    facts_.quoted |= quotes;
    inside_ = uint64_t{0} - (inside >> 63);
    after_sign_ = signs >> 63;
    after_closing_ = closing >> 63;
    return inside;
  }

  static size_t count(uint64_t mask) { return static_cast<size_t>(__builtin_popcountll(mask)); }

  std::string_view text_;
  size_t begin_;
  size_t first_;  // number of the first field found here
  bool quoting_;
  Isa isa_;
  FieldIndex& index_;
  uint32_t* out_;
  char filler_ = 'x';
  Facts facts_{};
  uint64_t inside_ = 0;         // all ones while a quoted field goes on
  uint64_t after_sign_ = 1;     // bit 0: the next byte follows a boundary or a quote, or is the first
  uint64_t after_closing_ = 0;  // bit 0: the next byte follows a closing quote
  uint64_t misplaced_ = 0;
  size_t good_end_ = 0, bad_end_ = 0;
};

template <class Isa>
void index_blocks(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  if (!syntax.by_parity()) return index_scalar(text, syntax, index);
  for (size_t begin = 0; begin < text.size();) {
    BlockScan<Isa> scan(text, begin, syntax, index);
    if (scan.run()) return;
    begin = index_scalar_records(text, scan.good_end(), scan.bad_end(), syntax, index);
  }
}

}  // namespace
}  // namespace flatbed
