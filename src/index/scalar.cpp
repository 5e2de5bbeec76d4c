// The oracle: one byte after the other. Enters: a chunk that begins at a record. Leaves: its FieldIndex.
// Invariant: what this kernel says is what the file means; every other kernel gives the same or asks it.
#include "index/kernel.hpp"

namespace flatbed {
namespace {

class Scan {
 public:
  Scan(std::string_view text, const Syntax& syntax, FieldIndex& index) : text_(text), syntax_(syntax), index_(index) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\r') index_.returns = true;
      if (c == '\n' || (c == '\r' && !next_is('\n'))) ++index_.lines;
      if (place_ == Place::kQuoted)
        inside(c);
      else
        outside(c);
      ++at_;
    }
    index_.open = place_ == Place::kQuoted;
    unsigned any = 0, nuls = 0;
    for (const char c : text_) {
      any |= static_cast<unsigned char>(c);
      nuls |= c == '\0' ? 1u : 0u;
    }
    index_.ascii = any < 0x80;
    index_.nul = nuls != 0;
  }

 private:
  enum class Place { kFieldStart, kPlain, kQuoted, kClosed };

  bool next_is(char c) const noexcept { return at_ + 1 < text_.size() && text_[at_ + 1] == c; }

  void inside(char c) {
    if (syntax_.escapes && c == syntax_.escape && (c != syntax_.quote || next_is(c))) {
      index_.escaped = true;
      ++at_;
      // The escaped byte is data, but a line end all the same.
      if (at_ < text_.size() && text_[at_] == '\r') index_.returns = true;
      if (at_ < text_.size() && (text_[at_] == '\n' || (text_[at_] == '\r' && !next_is('\n')))) ++index_.lines;
    } else if (c == syntax_.quote) {
      place_ = Place::kClosed;
    }
  }

  void outside(char c) {
    if (c == first_ && (one_byte_ || text_.substr(at_).starts_with(syntax_.delimiter))) {
      at_ += syntax_.delimiter.size() - 1;
      end_field();
    } else if (c == '\n' || (c == '\r' && !next_is('\n'))) {
      end_field();
      ++index_.record_ends;
    } else if (c == '\r') {
      // The LF after it ends the record.
    } else if (place_ == Place::kFieldStart && syntax_.quotes && c == syntax_.quote) {
      place_ = Place::kQuoted;
      index_.quoted = true;
    } else {
      if (place_ == Place::kClosed) index_.stray.push_back(static_cast<uint32_t>(index_.fields));
      place_ = Place::kPlain;
    }
  }

  void end_field() {
    *index_.tail() = static_cast<uint32_t>(at_);
    ++index_.fields;
    place_ = Place::kFieldStart;
  }

  std::string_view text_;
  const Syntax& syntax_;
  FieldIndex& index_;
  const char first_ = syntax_.delimiter[0];
  const bool one_byte_ = syntax_.delimiter.size() == 1;
  size_t at_ = 0;
  Place place_ = Place::kFieldStart;
};

}  // namespace

void index_scalar(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  Scan(text, syntax, index).run();
}

}  // namespace flatbed
