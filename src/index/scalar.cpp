// The oracle: one byte after the other. Enters: a chunk that begins at a record. Leaves: its FieldIndex.
// Invariant: what this kernel says is what the file means; every other kernel gives the same or asks it.
#include <algorithm>

#include "index/kernel.hpp"

namespace flatbed {
namespace {

class Scan {
 public:
  Scan(std::string_view text, size_t begin, const Syntax& syntax, FieldIndex& index)
      : text_(text), syntax_(syntax), index_(index), at_(begin) {}

  // Takes the last field, which is open, for plain text, and goes on behind its quote.
  void mend_open() {
    at_ = index_.begin(index_.fields);
    index_.lines -= count_lines(text_.substr(at_));
    mend(at_);
    ++at_;
    run(text_.size());
  }

  size_t run(size_t enough) {
    const size_t begin = at_;
    for (size_t ends = index_.record_ends; at_ < text_.size() && (at_ < enough || ends == index_.record_ends);) {
      ends = index_.record_ends;
      const char c = text_[at_];
      if (c == '\r') index_.returns = true;
      if (c == '\n' || (c == '\r' && !next_is('\n'))) ++index_.lines;
      if (place_ == Place::kQuoted)
        inside(c);
      else
        outside(c);
      ++at_;
    }
    at_ = std::min(at_, text_.size());
    index_.open = place_ == Place::kQuoted;
    unsigned any = 0, nuls = 0;
    for (const char c : text_.substr(begin, at_ - begin)) {
      any |= static_cast<unsigned char>(c);
      nuls |= c == '\0' ? 1u : 0u;
    }
    index_.ascii = index_.ascii && any < 0x80;
    index_.nul = index_.nul || nuls != 0;
    return at_;
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
    if (syntax_.spaces && c == ' ' && (place_ == Place::kFieldStart || (syntax_.runs() && pass_run()))) return;
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
      lines_before_ = index_.lines;
    } else if (place_ == Place::kClosed && syntax_.mends) {
      mend_closed();
    } else {
      if (place_ == Place::kClosed) index_.stray.push_back(static_cast<uint32_t>(index_.fields));
      place_ = Place::kPlain;
    }
  }

  // Text follows a quote inside quotes. Where the quote could open a field, the one before it is text; else this one
  // is.
  void mend_closed() {
    const size_t open = index_.begin(index_.fields), quote = at_ - 1;
    const char before = text_[quote - 1];
    if (quote - open > 1 && (before == syntax_.delimiter.back() || before == '\n' || before == '\r')) {
      index_.lines = lines_before_;
      mend(open);
    } else {
      index_.escaped = true;
      place_ = Place::kQuoted;
      inside(text_[at_]);
    }
  }

  // A field is mended once, and the next quote that begins a field ends the look for a closing one: no text is
  // scanned more than twice.
  void mend(size_t quote) {
    index_.stray.push_back(static_cast<uint32_t>(index_.fields));
    at_ = quote;
    place_ = Place::kPlain;
  }

  // Goes to the last delimiter of a run; true when the line ends behind it, so that it delimits nothing.
  bool pass_run() {
    while (next_is(' ')) ++at_;
    return at_ + 1 == text_.size() || next_is('\n') || next_is('\r');
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
  size_t at_;
  size_t lines_before_ = 0;  // the quote that opened this field
  Place place_ = Place::kFieldStart;
};

}  // namespace

void index_scalar(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  Scan(text, 0, syntax, index).run(text.size());
}

size_t index_scalar_records(std::string_view text, size_t begin, size_t enough, const Syntax& syntax,
                            FieldIndex& index) {
  return Scan(text, begin, syntax, index).run(enough);
}

void mend_open_field(std::string_view text, const Syntax& syntax, FieldIndex& index) {
  while (index.open) Scan(text, 0, syntax, index).mend_open();
}

}  // namespace flatbed
